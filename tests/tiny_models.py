"""Tiny models with random weights, saved as the real ones are, so that tests need no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

WINDOW = 64
_PROSE = (
    "police cameras scan faces in the street without a warrant . , court ruled that this text is about "
    "privacy safety law council shop face recognition crowd ##s ##ing"
)
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *_PROSE.split()]
_SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
_SEED = 20240607


def build_tokenizer(*, pad: bool = True, special: bool = True, types: bool = True) -> Any:
    """Return a WordPiece tokenizer over WORDS, in the manner of BERT."""
    backend = Tokenizer(models.WordPiece({word: row for row, word in enumerate(WORDS)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if special:
        backend.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
    names = ["input_ids", *(["token_type_ids"] if types else []), "attention_mask"]
    tokens = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"} | (
        {"pad_token": "[PAD]"} if pad else {}
    )
    build: Any = PreTrainedTokenizerFast
    return build(tokenizer_object=backend, model_max_length=WINDOW, model_input_names=names, **tokens)


def name_classes(titles: tuple[str, ...]) -> dict[str, Any]:
    """Return the part of a configuration that names the classes."""
    return {"id2label": dict(enumerate(titles)), "label2id": {title: row for row, title in enumerate(titles)}}


def save_bert(folder: Path, titles: tuple[str, ...], **settings: Any) -> Path:
    """Save a tiny BERT classifier with these classes, and its tokenizer; return `folder`."""
    torch.manual_seed(_SEED)
    config = BertConfig(
        **_SHAPE,
        vocab_size=len(WORDS),
        max_position_embeddings=WINDOW,
        initializer_range=0.5,
        **name_classes(titles),
        **settings,
    )
    return _save(folder, BertForSequenceClassification(config), build_tokenizer())


def save_encoder(folder: Path) -> Path:
    """Save a tiny BERT without a classification head."""
    config = BertConfig(**_SHAPE, vocab_size=len(WORDS), max_position_embeddings=WINDOW)
    return _save(folder, BertModel(config), build_tokenizer())


def save_roberta(folder: Path, titles: tuple[str, ...]) -> Path:
    """Save a tiny RoBERTa, which has two positions more than it can read; its tokenizer knows no limit."""
    torch.manual_seed(_SEED)
    config = RobertaConfig(
        **_SHAPE,
        vocab_size=len(WORDS),
        max_position_embeddings=WINDOW + 2,
        type_vocab_size=1,
        initializer_range=0.5,
        pad_token_id=1,
        **name_classes(titles),
    )
    tokenizer = build_tokenizer(types=False)
    tokenizer.model_max_length = 10**30
    tokenizer.pad_token = "[UNK]"
    return _save(folder, RobertaForSequenceClassification(config), tokenizer)


def save_gpt2(folder: Path, titles: tuple[str, ...]) -> Path:
    """Save a tiny GPT-2 without padding token and without special tokens around a text."""
    torch.manual_seed(_SEED)
    config = GPT2Config(
        vocab_size=len(WORDS),
        n_positions=WINDOW,
        n_embd=32,
        n_layer=2,
        n_head=2,
        initializer_range=0.5,
        bos_token_id=2,
        eos_token_id=3,
        **name_classes(titles),
    )
    tokenizer = build_tokenizer(pad=False, special=False, types=False)
    return _save(folder, GPT2ForSequenceClassification(config), tokenizer)


def _save(folder: Path, model: Any, tokenizer: Any) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

"""Languages of news texts, long and short, and of what is no text at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.languages import MIN_WORDS, detect_language

NEWS = {
    "en": "The county council voted on Tuesday to switch off the cameras on the market square, after residents had "
    "complained for months that nobody could say who looked at the pictures. A spokeswoman for the police said the "
    "force regretted the decision and would look for another site before the summer.",
    "fr": "Le conseil municipal a voté mardi l'arrêt des caméras installées sur la place du marché, après des mois de "
    "plaintes d'habitants qui ne savaient pas qui regardait les images. Une porte-parole de la police a déclaré "
    "regretter cette décision et chercher un autre emplacement avant l'été.",
    "de": "Der Stadtrat hat am Dienstag beschlossen, die Kameras auf dem Marktplatz abzuschalten, nachdem sich "
    "Anwohner monatelang beschwert hatten, niemand könne sagen, wer die Bilder ansieht. Eine Sprecherin der Polizei "
    "bedauerte die Entscheidung und kündigte an, vor dem Sommer einen anderen Standort zu suchen.",
    "es": "El ayuntamiento votó el martes apagar las cámaras de la plaza del mercado, después de que los vecinos se "
    "quejaran durante meses de que nadie sabía quién miraba las imágenes. Una portavoz de la policía lamentó la "
    "decisión y dijo que buscarán otro lugar antes del verano.",
    "it": "Il consiglio comunale ha votato martedì per spegnere le telecamere della piazza del mercato, dopo che per "
    "mesi i residenti si erano lamentati di non sapere chi guardasse le immagini. Una portavoce della polizia ha "
    "detto di rammaricarsi della decisione e di cercare un altro luogo prima dell'estate.",
    "nl": "De gemeenteraad heeft dinsdag besloten de camera's op het marktplein uit te schakelen, nadat bewoners "
    "maandenlang hadden geklaagd dat niemand kon zeggen wie de beelden bekijkt. Een woordvoerster van de politie "
    "betreurde het besluit en zei voor de zomer een andere plek te willen zoeken.",
    "pt": "A câmara municipal votou na terça-feira pelo desligamento das câmaras da praça do mercado, depois de os "
    "moradores se terem queixado durante meses de que ninguém sabia quem via as imagens. Uma porta-voz da polícia "
    "lamentou a decisão e disse que procurará outro local antes do verão.",
    "ar": "صوت مجلس المدينة يوم الثلاثاء على إيقاف تشغيل الكاميرات في ساحة السوق بعد أن اشتكى السكان على مدى أشهر "
    "من أن أحدا لا يعرف من يشاهد الصور. وقالت متحدثة باسم الشرطة إنها تأسف لهذا القرار وستبحث عن موقع آخر قبل الصيف.",
    "he": "מועצת העיר הצביעה ביום שלישי על כיבוי המצלמות בכיכר השוק, לאחר שתושבים התלוננו במשך חודשים שאיש אינו יודע "
    "מי צופה בתמונות. דוברת המשטרה אמרה כי היא מצטערת על ההחלטה וכי יחפשו מקום אחר לפני הקיץ.",
    "zh": "市议会周二投票决定关闭市场广场上的摄像头，此前居民数月来一直抱怨没有人知道是谁在查看这些图像。"
    "警方发言人对这一决定表示遗憾，并表示将在夏季之前寻找另一个地点。",
    "ja": "市議会は火曜日、市場広場の防犯カメラを停止することを決めた。住民は数か月にわたり、"
    "誰が映像を見ているのか分からないと苦情を申し立てていた。警察の広報担当者は決定を残念に思うと述べた。",
    "ru": "Городской совет во вторник проголосовал за отключение камер на рыночной площади после того, как жители "
    "месяцами жаловались, что никто не знает, кто смотрит записи. Представитель полиции выразила сожаление.",
    "cy": "Pleidleisiodd y cyngor sir ddydd Mawrth i ddiffodd y camerâu ar sgwâr y farchnad, ar ôl i drigolion gwyno "
    "am fisoedd nad oedd neb yn gallu dweud pwy oedd yn edrych ar y lluniau. Dywedodd llefarydd ar ran yr heddlu.",
    "ga": "Vótáil comhairle an chontae Dé Máirt chun na ceamaraí ar chearnóg an mhargaidh a mhúchadh, tar éis do "
    "chónaitheoirí a bheith ag gearán le míonna nach raibh a fhios ag aon duine cé a bhí ag féachaint ar na pictiúir.",
}


@pytest.mark.parametrize("language", NEWS)
def test_news_is_told_by_its_language_however_long(language: str) -> None:
    assert detect_language(NEWS[language]) == language
    assert detect_language("\n\n".join([NEWS[language]] * 20)) == language


@pytest.mark.parametrize("language", [name for name in NEWS if name not in ("zh", "ja")])
def test_twenty_words_are_enough(language: str) -> None:
    assert detect_language(" ".join(NEWS[language].split()[: MIN_WORDS + 4])) == language


@pytest.mark.parametrize(
    "text", ["", "   \n", "Votes", "Council votes to switch off cameras", "12 30 45 " * 50, "— … · " * 99]
)
def test_what_is_too_short_or_no_language_has_none(text: str) -> None:
    assert detect_language(text) is None


def test_addresses_are_no_words() -> None:
    assert detect_language("https://www.example.org/the-council-votes-on-the-cameras-in-the-square " * 30) is None


def test_a_long_text_takes_no_longer_than_its_beginning() -> None:
    assert detect_language(NEWS["de"] * 10 + "The " * 5_000_000) == "de"


def test_an_english_quotation_does_not_turn_a_french_article() -> None:
    quotation = "« We are very sorry about this decision », a-t-elle ajouté."
    assert detect_language(f"{NEWS['fr']}\n\n{quotation}\n\n{NEWS['fr']}") == "fr"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_no_text_crashes_and_every_answer_is_a_code(text: str) -> None:
    found = detect_language(text)
    assert found is None or (len(found) == 2 and found.isalpha() and found.islower())

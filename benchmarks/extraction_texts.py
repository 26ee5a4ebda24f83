"""Invented stories for pages that an extractor is tried on: paragraphs as long and as plain as those of newspapers."""

from __future__ import annotations

STORY = (
    "The council of Northwick voted on Tuesday night to switch off the cameras on the market square, after a "
    "debate that lasted until half past eleven and drew more than two hundred residents to the town hall.",
    "Opponents had complained for months that nobody could say who looked at the pictures, how long they were "
    "kept, or why faces of shoppers were compared with a list that no one outside the force had seen.",
    "“We were never asked,” said Ada Example, who has run the fish stall for thirty years. “They put up the "
    "poles one morning, and that was that.”",
    "A spokeswoman for the police said the force regretted the decision and would look for another site before "
    "the summer, when the square is at its busiest.",
    "The contract with the maker of the software, a company from Ashdown, runs for another fourteen months.",
    "It cost the county 312,000 a year, according to papers that the finance committee published last spring, "
    "of which a third was paid by the shops around the square.",
    "Nobody at the company answered calls on Wednesday.",
    "Bernard Sample, the councillor who brought the motion, told the meeting that the town had been used as a "
    "test bed. He pointed to figures from the force itself: of 1,204 alerts in two years, eleven had led to an "
    "arrest.",
    "“Eleven,” he said. “For that price we could have had four officers on foot.”",
    "Others were less sure. The chamber of trade had asked for the cameras after a run of thefts three winters "
    "ago, and its chair said the number of incidents had fallen by half since they were put up.",
    "Whether the cameras were the reason is hard to tell. A study by the university at Quaymouth found that "
    "thefts had fallen by about as much in towns that had none.",
    "The regulator opened an inquiry in March into how long pictures of people who were not on any list had "
    "been kept. It is expected to report in the autumn.",
    "Under the rules that Parliament passed two years ago, a force must delete such pictures at once unless a "
    "court has ordered otherwise.",
    "An inspection of the server in Northwick found some that were five months old, the regulator said in a "
    "letter that this reporter has seen, and it asked the force for an explanation by the end of June.",
    "The force has since said that a fault in an update had stopped the deletion, and that the fault was "
    "mended within days of being found.",
    "Campaigners doubt it. Carla Marsh of the group Open Square said that the same fault had been reported "
    "from two other towns, and that in both the pictures had been used in the meantime.",
    "For the traders, other worries come first: the ferry has been late for weeks, and the car park by the "
    "harbour is to close in September.",
    "By Wednesday noon a ladder stood against the first pole, and a man in yellow was unscrewing a grey box "
    "the size of a loaf while two children watched.",
    "The vote was nineteen to sixteen.",
    "Mayor Edwin Holt, who had spoken against the motion, said afterwards that he would respect it but that "
    "the town might come to regret it on the first dark evening of November.",
    "The poles themselves will stay. They carry the lights for the Christmas market, and taking them down "
    "would cost more than the cameras did.",
    "In Ashdown, where a similar scheme began last year, the council has put off its own vote until the "
    "regulator has spoken, and the cameras there go on running.",
    "Two smaller parishes along the coast have said that they would take the equipment from Northwick if the "
    "county paid for its upkeep, an offer that the finance committee will look at next month.",
    "Reaction in the square was mixed. Some stallholders clapped when the news came through on the radio; "
    "others went on unpacking crates and said that they would wait and see.",
)
QUESTIONS = (
    "When did you first hear of the cameras?",
    "Did anybody explain what they were for?",
    "What would have changed your mind?",
    "And what happens to the poles now?",
)
SUBHEADINGS = (
    "A vote at midnight",
    "Who paid for it",
    "What the regulator found",
)
ARABIC = (
    "صوّت مجلس بلدية نورثويك مساء الثلاثاء على إيقاف الكاميرات في ساحة السوق، بعد نقاش استمر حتى منتصف الليل "
    "وحضره أكثر من مئتي شخص من سكان المدينة.",
    "وقال معارضون إن أحداً لم يشرح لهم من ينظر إلى الصور ولا المدة التي تُحفظ فيها، وإن الشرطة لم تستشر السكان "
    "قبل تركيبها.",
    "وقالت متحدثة باسم الشرطة إنها تأسف للقرار وستبحث عن موقع آخر قبل الصيف، حين تكون الساحة في أشد أوقاتها ازدحاماً.",
    "وينتهي العقد مع الشركة المصنّعة للبرنامج بعد أربعة عشر شهراً، وقد كلّف المقاطعة مبالغ كبيرة كل عام.",
)
RUSSIAN = (
    "Совет города Нортвик во вторник вечером проголосовал за отключение камер на рыночной площади после "
    "обсуждения, которое продолжалось до полуночи и собрало более двухсот жителей.",
    "Противники камер месяцами жаловались, что никто не может сказать, кто смотрит на снимки и как долго они хранятся.",
    "Представительница полиции заявила, что сожалеет о решении и до лета подыщет другое место, поскольку летом "
    "на площади больше всего людей.",
    "Договор с разработчиком программы действует ещё четырнадцать месяцев и обходится округу в значительную сумму.",
)

"""Texts of the page about the models."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AboutStrings:
    """``sections``: by anchor, a title and its paragraphs; ``sources``: text, licence, use."""

    title: str
    back: str
    columns: tuple[str, ...]
    sources: tuple[tuple[str, str, str], ...]
    sections: dict[str, tuple[str, tuple[str, ...]]]


ARABIC = AboutStrings(
    title="عن النموذجين",
    back="إلى الصفحة الرئيسية",
    columns=("النصوص", "الرخصة", "الاستعمال"),
    sources=(
        ("ويكيبيديا العربية", "CC BY-SA 4.0", "عام وطبي"),
        ("ويكيبيديا المصرية", "CC BY-SA 4.0", "عام وطبي"),
        ("أخبار إذاعية تونسية (ANT)", "Apache-2.0", "عام وطبي"),
        ("تغريدات 2018 و2019", "Apache-2.0", "عام"),
        ("مدونة شامي للهجات الشام", "Apache-2.0", "عام"),
        ("قصص عربية", "Apache-2.0", "عام"),
        ("AraMed: أسئلة طبية وأجوبتها", "MIT", "طبي"),
        ("MentalQA: أسئلة في الصحة النفسية", "MIT", "طبي"),
        ("TICO-19: نصوص مترجمة عن كوفيد-19", "CC0-1.0", "طبي"),
        ("نصوص صحية اصطناعية كتبها هذا المشروع، لم يراجعها طبيب", "CC0-1.0", "طبي"),
    ),
    sections={
        "what": ("ما هذا؟", (
            "صفحة تقارن نموذجي لغة مقنَّعين للعربية: نموذجًا عامًّا، والنموذج نفسه بعد أن واصل "
            "القراءة في نصوص صحية عربية. الغاية أن يُرى ما كسبه التخصيص وما خسره.",
            "كُتبت الصفحة لنموذج vioBERT-v3، وهو MARBERTv2 بعد مواصلة تدريبه على نصوص طبية. وحيث "
            "لا يُوصل إليهما يجيب نموذجان صغيران مضمَّنان درّبهما هذا المشروع على معالج عادي.",
        )),
        "data": ("البيانات", (
            "هذه نصوص النموذجين الصغيرين. حُذف المكرر وشبه المكرر، وبُحث عن البيانات الشخصية "
            "واستُبدلت، وعُزل كل ما يشبه نصوص الاختبار. الأعداد في بطاقة كل نموذج.",
        )),
        "measured": ("كيف قسنا؟", (
            "تُخفى كل كلمة من نصوص لم يقرأها أيٌّ من النموذجين، كلها بكل قطعها، ويُسأل النموذجان عن "
            "الكلمات نفسها. ومنها تُحسب المفاجأة لكل كلمة (ودالّتها الأُسّية هي حيرة الكلمة، \u2066word perplexity\u2069)، وكم مرة كانت "
            "الكلمة بين أول خمس.",
            "وللتصنيف واستخراج الكيانات والاختيار من متعدد يُدرَّب فوق كل نموذج رأس بثلاث بذور، "
            "ويُقاس على جمل لم يُدرَّب عليها.",
            "وكُتبت للمشروع جمل قصيرة في كل منها كلمة مخفية. يصيب النموذج إذا كان بين توقعاته الخمسة "
            "الأولى كلمةٌ تامة تناسب الجملة، وقد حدّد الكلمات المناسبة كاتب الجملة وقارئ ثانٍ، "
            "وحذف ثالث ما لا يناسب.",
            "كل فرق مزدوج: العناصر نفسها للنموذجين. فترة الثقة \u206695%\u2069 بإعادة المعاينة على النصوص "
            "والبذور، وقيمة p باختبار التبديل مصحَّحة بطريقة هولم على مقارنات الشبكة كلها.",
            "المفاجأة في قسمها: قطع الكلمة واحدة بعد أخرى وما بعدها منها مخفي (PLL-word-l2r، "
            "\u2066Kauf and Ivanova 2023\u2069)، بالبت.",
        )),
        "limits": ("الحدود", (
            "أداة بحثية لا جهاز طبي: لا تشخّص ولا تنصح بعلاج، وما يبدو منها معرفةً هو ترجيح كلمات.",
            "النموذجان الصغيران يخطئان كثيرًا، وفي اللهجات أكثر مما في الفصحى. أما هل نسي النموذج "
            "الطبي شيئًا مما يعرفه العام من العربية ففي النتائج.",
            "مستخرجا الكيانات تعلّما من جمل كتبها هذا المشروع ولم يراجع وسمها طبيب.",
        )),
        "privacy": ("الخصوصية", (
            "ما تكتبه يصل إلى هذا الخادم وحده ليجيب عنه النموذجان، ولا يُحفظ ولا يُسجَّل. لا سجل "
            "للزيارات ولا إحصاء ولا ملفات تتبّع، ولا تُحفظ عناوين الأجهزة. وجملة الجولة المفتوحة في "
            "«حكّم» تبقى في ذاكرة الخادم، لا على قرصه، حتى تصوّت أو تنتهي مدة الجولة.",
            "الصوت في «حكّم» يُحفظ مع أسبابه والتخصص إن اخترتهما، ورقم المثال، واليوم، ورقم عشوائي "
            "في متصفحك يجمع أصواتك. وهو على قرص الخادم، وقد يُنسخ إلى مستودع خاص؛ يقول ذلك سطر تحت "
            "التصويت. أما الجملة والملاحظة فلا تُحفظان إلا بموافقتك، وبعد فحص يرفض ما فيه بيانات شخصية. الفحص "
            "بقواعد، وقد يفوته شيء: لا تكتب بيانات مرضى حقيقيين.",
        )),
        "licences": ("الرخص", (
            "الشيفرة Apache-2.0، والخطوط OFL، والجمل والأمثلة التي كتبها المشروع CC0، وأوزان "
            "النموذجين الصغيرين CC BY-SA 4.0. وأوزان MARBERT للبحث وحده بحسب أصحابها.",
        )),
        "citation": ("الاستشهاد", (
            "كيف تستشهد بهذا المشروع وبما بُني عليه: الملف CITATION.cff في المستودع.",
        )),
    },
)  # fmt: skip

ENGLISH = AboutStrings(
    title="About the models",
    back="To the main page",
    columns=("texts", "licence", "used as"),
    sources=(
        ("Arabic Wikipedia", "CC BY-SA 4.0", "general and medical"),
        ("Egyptian Arabic Wikipedia", "CC BY-SA 4.0", "general and medical"),
        ("Tunisian radio news (ANT)", "Apache-2.0", "general and medical"),
        ("Tweets of 2018 and 2019", "Apache-2.0", "general"),
        ("Shami corpus of Levantine dialects", "Apache-2.0", "general"),
        ("Arabic stories", "Apache-2.0", "general"),
        ("AraMed: medical questions and answers", "MIT", "medical"),
        ("MentalQA: questions on mental health", "MIT", "medical"),
        ("TICO-19: translated texts on COVID-19", "CC0-1.0", "medical"),
        ("Synthetic health texts of this project, reviewed by no physician", "CC0-1.0", "medical"),
    ),
    sections={
        "what": ("What is this?", (
            "A page that compares two masked language models of Arabic: a general one, and the same "
            "model after it went on reading Arabic health text. It shows what that gained and lost.",
            "It was written for vioBERT-v3, which is MARBERTv2 continued on medical text. Where "
            "these cannot be reached, two small embedded models answer, trained by this project on "
            "an ordinary processor.",
        )),
        "data": ("Data", (
            "These are the texts of the small pair. Duplicates and near-duplicates were removed, "
            "personal data looked for and replaced, and what resembles a test text set apart. The "
            "counts are on each model's card.",
        )),
        "measured": ("How it was measured", (
            "Each word of texts that neither model has read is hidden, with all its pieces, and "
            "both models are asked for the same words. From these come the surprise a word (its "
            "exponential is the word perplexity), and how often the word was among the first five.",
            "For classes, entities and multiple choice a head is trained on each model with three "
            "seeds, and measured on sentences it has not learned from.",
            "Short sentences with one hidden word were written for this project. A model is right "
            "where a whole word among its first five fits: its writer and a second reader listed "
            "which do, and a third struck what does not.",
            "Every difference is paired: the same items for both. The 95 % interval is a bootstrap "
            "over texts and seeds; p is of a permutation test, corrected by Holm over the grid.",
            "Surprise on its tab: a word's pieces one after the other, those to come hidden "
            "(PLL-word-l2r, Kauf and Ivanova 2023), in bits.",
        )),
        "limits": ("Limits", (
            "A research tool, not a medical device: it neither diagnoses nor advises, and what looks "
            "like knowledge is a weighing of words.",
            "The small pair errs often, in dialects more than in Standard Arabic. Whether the "
            "medical model has forgotten some of the general one's Arabic is told in the results.",
            "The entity finders learned from sentences written for this project, whose annotation "
            "no clinician has reviewed.",
        )),
        "privacy": ("Privacy", (
            "What you type goes to this server only, to be answered, and is neither kept nor logged. "
            "There is no history of visits, no analytics, no tracking, and no address is kept. The "
            "sentence of an open round on the judge tab stays in the server's memory, not on its "
            "disk, until you vote or the round expires.",
            "A vote is kept with reasons and specialty if you choose them, the number of the "
            "example, the day, and a random number in your browser that groups your votes. It is "
            "on the server's disk and may be copied to a private repository; a line under the vote "
            "says which. Sentence and note are kept with your consent only, "
            "after a screening that refuses personal data. It goes by rules and may miss something: "
            "do not enter real patients' data.",
        )),
        "licences": ("Licences", (
            "Code: Apache-2.0. Fonts: OFL. Sentences and examples written for the project: CC0. "
            "Weights of the small pair: CC BY-SA 4.0. MARBERT's weights are for research only, say "
            "their authors.",
        )),
        "citation": ("Citation", (
            "How to cite this and what it builds on: CITATION.cff in the repository.",
        )),
    },
)  # fmt: skip

"""Texts of the judge tab."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JudgeStrings:
    """Braces are filled with isolated numbers and names. ``specialties``: of judges, besides those
    of the examples."""

    tab: str
    invitation: str
    kept: str
    start: str
    another: str
    sides: dict[str, str]
    question: str
    choices: dict[str, str]
    keys: str
    reasons_label: str
    reasons: dict[str, str]
    specialty: str
    specialties: dict[str, str]
    note: str
    consent: str
    waiting: str
    alike: str
    thanks: str
    revealed: str
    votes: str
    rate: str
    interval: str
    no_difference: str
    single: str
    errors: dict[str, str]
    sentence_errors: dict[str, str]
    personal: dict[str, str]
    status: dict[str, str]


ARABIC = JudgeStrings(
    tab="حكّم",
    invitation="للأطباء والعاملين في الصحة: أي النموذجين أحسن تعبئةً للفراغ؟ تُعرض الإجابتان بلا "
    "اسمين وبترتيب عشوائي، ويُكشف الاسمان بعد صوتك. الإجابة كلماتٌ مرتّبة: احكم عليها كلها، وعلى "
    "أولاها خاصة. ولأشرطة كل إجابة مقياسها.",
    kept="يُحفظ صوتك وما اخترته من أسباب وتخصص، ورقم المثال، واليوم، ورقم عشوائي يجمع أصواتك. لا اسم "
    "ولا عنوان، ولا نص إلا بموافقتك.",
    start="ابدأ جولة",
    another="جولة أخرى",
    sides={"A": "الإجابة أ", "B": "الإجابة ب"},
    question="أي الإجابتين أحسن؟",
    choices={"A": "أ أحسن", "B": "ب أحسن", "tie": "متعادلتان", "both_bad": "كلتاهما سيئة"},
    keys="وبلوحة المفاتيح: 1 أ، 2 ب، 3 متعادلتان، 4 كلتاهما سيئة",
    reasons_label="لماذا؟ (اختياري، ويُختار قبل التصويت؛ الصفات للإجابة التي تختارها)",
    reasons={
        "medical": "أصح طبيًّا",
        "context": "أنسب للسياق",
        "dialect": "أنسب للهجة",
        "grammar": "أسلم لغةً",
        "specific": "أكثر تحديدًا",
        "unsafe": "في إجابة مرفوضة ما قد يضر",
    },
    specialty="تخصصك (اختياري)",
    specialties={
        "family_medicine": "طب عام أو أسرة", "internal_medicine": "الباطنة", "surgery": "الجراحة",
        "psychiatry": "الطب النفسي", "emergency": "الطوارئ", "pharmacy": "الصيدلة",
        "nursing": "التمريض", "other": "غير ذلك",
    },
    note="ملاحظة (اختياري، 500 حرف)",
    consent="أوافق على حفظ ما كتبتُه من جملة وملاحظة، وليس فيه بيانات شخصية.",
    waiting="اختر مثالًا أو اكتب جملة فيها [MASK] ثم اضغط «ابدأ جولة».",
    alike="أجاب النموذجان بالكلمات نفسها وبالترتيب نفسه، فلا شيء يُحكَّم فيه. جرّب جملة أخرى.",
    thanks="شكرًا، حُفظ صوتك.",
    revealed="{} هي النموذج العام ({})، و{} هي النموذج الطبي ({}).",
    votes="عدد الأصوات لهذين النموذجين {}؛ تُعرض النسبة ابتداءً من {} صوتًا.",
    rate="نصيب النموذج الطبي من الأصوات: {}؛ ويُحسب كلٌّ من التعادل و«كلتاهما سيئة» نصف صوت. الأصوات: {}، "
    "والمحكّمون: {}.",
    interval="{}، وبين المعقوفين فترة الثقة \u206695%\u2069",
    no_difference="لم يظهر فرق.",
    single="كل الأصوات من محكّم واحد، فلا فترة ثقة لها.",
    errors={
        "used": "صُوِّت في هذه الجولة من قبل. ابدأ جولة أخرى.",
        "expired": "انتهت مدة هذه الجولة. ابدأ جولة أخرى.",
        "unknown": "لا جولة مفتوحة. ابدأ جولة أولًا.",
        "too_long": "الملاحظة أطول من 500 حرف. صوتك لم يُحفظ بعد؛ اختصرها ثم صوّت.",
        "personal": "في النص ما يبدو بيانات شخصية: {}. صوتك لم يُحفظ بعد؛ احذفها ثم صوّت.",
        "no_consent": "للملاحظة تلزم موافقتك على حفظها. صوتك لم يُحفظ بعد؛ وافق أو امسحها.",
        "disk": "تعذّر الحفظ على القرص، فلم يُحفظ صوتك. أعد المحاولة بعد قليل.",
        "bad_field": "تعذّر فهم هذا الصوت، فلم يُحفظ.",
    },
    sentence_errors={
        "too_long": "جملتك أطول من 500 حرف فلا تُحفظ. صوتك لم يُحفظ بعد؛ ألغِ الموافقة ثم صوّت، فيُحفظ "
        "صوتك بلا جملتك.",
        "personal": "في جملتك ما يبدو بيانات شخصية: {}. صوتك لم يُحفظ بعد؛ ألغِ الموافقة ثم صوّت، فيُحفظ "
        "صوتك بلا جملتك، أو ابدأ جولة بجملة أخرى.",
    },
    personal={
        "EMAIL": "بريد إلكتروني", "PHONE": "رقم هاتف", "NATIONAL_ID": "رقم هوية",
        "IBAN": "حساب مصرفي", "CARD": "رقم بطاقة", "HANDLE": "اسم مستخدم", "URL": "رابط",
        "RECORD": "رقم ملف", "NAME": "اسم شخص", "DIGITS": "رقم طويل",
    },
    status={
        "disk": "تُحفظ الأصوات على قرص هذا الخادم وحده.",
        "starting": "تُحفظ الأصوات على القرص، ويجري الاتصال بمستودعها الخاص.",
        "pushing": "تُحفظ الأصوات على القرص وفي مستودع خاص.",
        "public": "مستودع الأصوات علني، فلا يُرسل إليه شيء؛ تبقى على القرص.",
        "unreachable": "تعذّر الوصول إلى مستودع الأصوات؛ تبقى على القرص حتى يعود الاتصال.",
    },
)  # fmt: skip

ENGLISH = JudgeStrings(
    tab="Judge",
    invitation="For clinicians: which model fills the blank better? The two answers are shown "
    "without names and in random order; the names are revealed after your vote. An answer is a ranked "
    "list: judge all of it, and its first word above all. Each answer's bars have their own scale.",
    kept="Kept are your vote, the reasons and specialty you choose, the number of the example, the "
    "day, and a random number that groups your votes. No name, no address, and no text without "
    "your consent.",
    start="Start a round",
    another="Another round",
    sides={"A": "Answer A", "B": "Answer B"},
    question="Which answer is better?",
    choices={"A": "A is better", "B": "B is better", "tie": "A tie", "both_bad": "Both are bad"},
    keys="By keyboard: 1 A, 2 B, 3 a tie, 4 both are bad",
    reasons_label="Why? (optional; choose before you vote; said of the answer you choose)",
    reasons={
        "medical": "medically more correct",
        "context": "fits the context better",
        "dialect": "fits the dialect better",
        "grammar": "better language",
        "specific": "more specific",
        "unsafe": "a rejected answer could do harm",
    },
    specialty="Your specialty (optional)",
    specialties={
        "family_medicine": "general or family medicine", "internal_medicine": "internal medicine",
        "surgery": "surgery", "psychiatry": "psychiatry", "emergency": "emergency medicine",
        "pharmacy": "pharmacy", "nursing": "nursing", "other": "another",
    },
    note="Note (optional, 500 characters)",
    consent="I agree that the sentence and note I wrote are kept; they hold no personal data.",
    waiting="Choose an example or write a sentence with [MASK], then press “Start a round”.",
    alike="Both models gave the same words in the same order, so there is nothing to judge. Try "
    "another sentence.",
    thanks="Thank you, your vote is kept.",
    revealed="{} is the general model ({}), and {} is the medical one ({}).",
    votes="Votes for these two models: {}; the share is shown from {} votes on.",
    rate="The medical model's share of the votes: {}; a tie, and both bad, count half. Votes: {}, "
    "judges: {}.",
    interval="{}, the 95% interval in brackets",
    no_difference="No difference shown.",
    single="All votes are one judge's, so there is no interval.",
    errors={
        "used": "This round has been voted on. Start another one.",
        "expired": "This round has expired. Start another one.",
        "unknown": "No round is open. Start one first.",
        "too_long": "The note is longer than 500 characters. Your vote is not kept yet; shorten it, "
        "then vote.",
        "personal": "The text seems to hold personal data: {}. Your vote is not kept yet; remove "
        "it, then vote.",
        "no_consent": "A note needs your consent to be kept. Your vote is not kept yet; agree, or "
        "clear the note.",
        "disk": "The disk could not be written, so your vote is not kept. Please try again soon.",
        "bad_field": "This vote could not be understood and is not kept.",
    },
    sentence_errors={
        "too_long": "Your sentence is longer than 500 characters and is not kept. Your vote is not "
        "kept yet; withdraw the consent and vote, and the vote is kept without the sentence.",
        "personal": "Your sentence seems to hold personal data: {}. Your vote is not kept yet; "
        "withdraw the consent and vote, and the vote is kept without the sentence, or start a "
        "round on another sentence.",
    },
    personal={
        "EMAIL": "an e-mail address", "PHONE": "a telephone number",
        "NATIONAL_ID": "an identity number", "IBAN": "a bank account", "CARD": "a card number",
        "HANDLE": "a user name", "URL": "a link", "RECORD": "a record number",
        "NAME": "a person's name", "DIGITS": "a long number",
    },
    status={
        "disk": "Votes are kept on this server's disk only.",
        "starting": "Votes are kept on the disk; their private repository is being asked.",
        "pushing": "Votes are kept on the disk and in a private repository.",
        "public": "The votes' repository is public, so nothing is sent there; they stay on the disk.",
        "unreachable": "The votes' repository cannot be reached; they stay on the disk until then.",
    },
)  # fmt: skip

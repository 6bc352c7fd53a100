"""Texts of the results tab."""

from __future__ import annotations

from dataclasses import dataclass

from viobert.naming import Words
from viobert.page.strings import names


@dataclass(frozen=True)
class ResultsStrings:
    """Braces are filled with isolated numbers and names."""

    words: Words
    tab: str
    question: str
    answers: dict[str, str]
    lead: str
    also: str
    small: str
    tally: str
    held: str
    not_better: str
    not_better_line: str
    not_better_one: str
    at_chance: str
    worse: str
    worse_line: str
    forgetting: str
    nothing: str
    measured: str
    plot: str
    caption: str
    how: str
    columns: dict[str, str]
    groups: dict[str, str]
    lower: str
    chance: str
    uncorrected: str
    unseen: str
    others: str
    provenance: str
    provenance_columns: dict[str, str]
    reported: str
    reported_note: str
    reported_columns: dict[str, str]
    parity: str
    against: str
    source: str
    missing: str
    broken: str
    missing_reported: str


ARABIC = ResultsStrings(
    words=names.ARABIC,
    tab="النتائج",
    question="أي النموذجين أحسن توقعًا لكلمات النص الطبي؟",
    answers={
        "gain": "النموذج الطبي.", "loss": "النموذج العام.",
        "no difference shown": "لم يظهر بينهما فرق.",
    },
    lead="حين نخفي كلمات من استشارات طبية لم يقرأها أي من النموذجين، تأتي الكلمة الصحيحة بين أول "
    "خمسة توقعات بنسبة {general} عند النموذج العام و{medical} عند النموذج الطبي: الفرق {value} "
    "نقطة مئوية، وفترة الثقة \u206695%\u2069 له {interval} (عدد الكلمات {n}، وعدد النصوص {documents}).",
    also="وفي النصوص الطبية الأخرى، بالمقياس نفسه:",
    small="هذه أرقام النموذجين الصغيرين المضمَّنين {base} و{model} وحدهما، لا أرقام النموذجين "
    "الكبيرين المنشورين في Hugging Face، ومن تدريب واحد لكل منهما.",
    tally="مجموع المقارنات {total}: مكسب {gain}، خسارة {loss}، لم يظهر فرق {none}.",
    held="وبعد تصحيح هولم لتعدد المقارنات في الشبكة (عددها {family}) يبقى {sure} منها تحت العتبة {level}.",
    not_better="ما لم يظهر فيه تحسّن",
    not_better_line="{axis}: لم يظهر فرق في {count} من {all}؛ الفروق من {low} إلى {high} {unit}.",
    not_better_one="{name}: لم يظهر فرق: {value} {interval} {unit}.",
    at_chance="وإجابات النموذجين هنا لا تتميز من التخمين العشوائي.",
    worse="ما ساء",
    worse_line="{name}: من {general} عند العام إلى {medical} عند الطبي؛ الفرق {value} {interval} "
    "{unit} (عدد العناصر {n}).",
    forgetting="ثمن التخصص نسيانٌ: في نصوص عامة لم يقرأها أي منهما تأتي الكلمة الصحيحة بين أول خمسة "
    "توقعات بنسبة {general} عند العام و{medical} عند الطبي؛ الفرق {value} نقطة مئوية، وفترة الثقة "
    "\u206695%\u2069 له {interval} (عدد الكلمات {n}، وعدد النصوص {documents}). فللنص غير الطبي استعمل العام.",
    nothing="لا شيء.",
    measured="ما قسناه",
    plot="كل سطر مقارنة واحدة: العلامة هي الفرق، والخط فترة الثقة \u206695%\u2069. خط يقطع الصفر: لم يظهر فرق.",
    caption="{base} ({base_revision}) مقابل {model} ({revision})؛ القياس {days}؛ الشيفرة {code}؛ "
    "الوصفة {recipe}؛ البيانات: {data}. فترات الثقة بإعادة المعاينة على النصوص والبذور.",
    how="كيف قيس هذا؟",
    columns={
        "setting": "المقارنة", "measure": "المقياس", "general": "العام", "medical": "الطبي",
        "difference": "الفرق [فترة ثقة \u206695%\u2069]", "p": "قيمة p (هولم)", "verdict": "الحكم",
        "n": "العناصر / النصوص", "seeds": "البذور",
    },
    groups={
        "gain": "مكاسب ({})", "loss": "خسائر ({})", "no difference shown": "لم يظهر فرق ({})",
    },
    lower="الأقل أفضل",
    chance="الصدفة {}",
    uncorrected="لا يثبت بعد التصحيح",
    unseen="بعد استبعاد ما ورد في نص التدريب",
    others="مقاييس أخرى لم يُبنَ عليها حكم ({})",
    provenance="مصدر كل سطر: البيانات والبذور والشيفرة",
    provenance_columns={
        "setting": "المقارنة", "data": "البيانات", "rows": "الصفوف", "hash": "البصمة",
        "seeds": "البذور", "p": "قيمة p", "code": "الشيفرة", "time": "الوقت",
    },
    reported="أرقام أعلنها مؤلفو النموذج، لم نقسها",
    reported_note="لم تُنشر معها فترة ثقة ولا شبكة مقارنات، فلا تُقارن بأرقامنا أعلاه: النماذج "
    "والبيانات غيرها.",
    reported_columns={
        "metric": "المقياس", "value": "المعلن", "models": "النموذج مقابل أساسه",
        "language": "اللغة", "source": "المصدر",
    },
    parity="تعادل، بلا رقم",
    against="{model} مقابل {base}",
    source="المصدر",
    missing="لا نتائج مقيسة هنا: الملف {} غير موجود.",
    broken="تعذّرت قراءة النتائج المقيسة: {}",
    missing_reported="تعذّرت قراءة الأرقام المعلنة: {}",
)  # fmt: skip

ENGLISH = ResultsStrings(
    words=names.ENGLISH,
    tab="Results",
    question="Which model predicts the words of medical text better?",
    answers={
        "gain": "The medical model.", "loss": "The general model.",
        "no difference shown": "No difference is shown.",
    },
    lead="With words hidden in medical consultations that neither model had read, the right word "
    "is among the first five guesses in {general} of cases with the general model and {medical} "
    "with the medical one: a difference of {value} percentage points, 95% interval {interval} "
    "({n} words, {documents} texts).",
    also="In other medical texts, by the same measure:",
    small="These are the figures of the small embedded pair, {base} and {model}, and not of the "
    "large models on Hugging Face; each was trained once.",
    tally="Of {total} comparisons: gain {gain}, loss {loss}, no difference shown {none}.",
    held="Corrected (Holm) over the {family} comparisons of the grid, {sure} stay below {level}.",
    not_better="Where no improvement is shown",
    not_better_line="{axis}: no difference shown in {count} of {all}; differences from {low} to "
    "{high} {unit}.",
    not_better_one="{name}: no difference shown: {value} {interval} {unit}.",
    at_chance="Here neither model's answers can be told from guessing.",
    worse="What got worse",
    worse_line="{name}: {general} with the general model, {medical} with the medical one; "
    "difference {value} {interval} {unit} ({n} items).",
    forgetting="The price is forgetting: in general texts that neither had read, the right word is "
    "among the first five guesses in {general} of cases with the general model and {medical} "
    "with the medical one; a difference of {value} percentage points, 95% interval {interval} "
    "({n} words, {documents} texts). Use the general model for text that is not medical.",
    nothing="Nothing.",
    measured="What we measured",
    plot="Each line is a comparison: the mark is the difference, the bar its 95% interval. A bar "
    "across zero shows no difference.",
    caption="{base} ({base_revision}) against {model} ({revision}); measured {days}; code {code}; "
    "recipe {recipe}; data: {data}. Intervals: bootstrap over texts and seeds.",
    how="How was this measured?",
    columns={
        "setting": "Comparison", "measure": "Measure", "general": "General", "medical": "Medical",
        "difference": "Difference [95% interval]", "p": "p (Holm)", "verdict": "Verdict",
        "n": "Items / texts", "seeds": "Seeds",
    },
    groups={
        "gain": "Gains ({})", "loss": "Losses ({})",
        "no difference shown": "No difference shown ({})",
    },
    lower="less is better",
    chance="chance {}",
    uncorrected="does not survive correction",
    unseen="without what training text holds",
    others="Other measures, which no verdict rests on ({})",
    provenance="Where each line is from: data, seeds, code",
    provenance_columns={
        "setting": "Comparison", "data": "Data", "rows": "Rows", "hash": "Hash",
        "seeds": "Seeds", "p": "p", "code": "Code", "time": "Time",
    },
    reported="Figures reported by the model's authors, not measured by us",
    reported_note="No interval and no grid was published with them, so they cannot be compared "
    "with our figures above: other models, other data.",
    reported_columns={
        "metric": "Measure", "value": "Reported", "models": "Model against its base",
        "language": "Language", "source": "Source",
    },
    parity="parity, no number",
    against="{model} against {base}",
    source="source",
    missing="No measured results here: there is no file {}.",
    broken="The measured results cannot be read: {}",
    missing_reported="The reported figures cannot be read: {}",
)  # fmt: skip

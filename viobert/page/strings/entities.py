"""Texts of the entities tab."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EntitiesStrings:
    """``labels``: the types of entities."""

    tab: str
    intro: str
    sentence: str
    placeholder: str
    find: str
    waiting: str
    none: str
    confidence: str
    only_here: str
    models: str
    labels: dict[str, str]


ARABIC = EntitiesStrings(
    tab="الكيانات",
    intro="ما يجده كل نموذج من أمراض وأعراض وأدوية وجرعات وإجراءات ومواضع من الجسم، بعد أن ضُبط على "
    "الجمل الموسومة نفسها.",
    sentence="نص طبي",
    placeholder="مثال: أتناول الميتفورمين 500 ملغ لعلاج السكري",
    find="استخرج الكيانات",
    waiting="اكتب نصًّا أو اختر مثالًا ثم اضغط «استخرج الكيانات».",
    none="لم يجد هذا النموذج أي كيان.",
    confidence="الثقة {}",
    only_here="لم يجده النموذج الآخر بهذا الامتداد والنوع",
    models="مستخرجا الكيانات",
    labels={
        "DISEASE": "مرض",
        "SYMPTOM": "عرض",
        "DRUG": "دواء",
        "ANATOMY": "موضع من الجسم",
        "PROCEDURE": "إجراء",
        "DOSAGE": "جرعة",
    },
)

ENGLISH = EntitiesStrings(
    tab="Entities",
    intro="Diseases, symptoms, drugs, dosages, procedures and anatomy that each model finds, tuned on the "
    "same sentences.",
    sentence="A medical text",
    placeholder="Example: أتناول الميتفورمين 500 ملغ لعلاج السكري",
    find="Find entities",
    waiting="Write a text or choose an example, then press “Find entities”.",
    none="This model found no entity.",
    confidence="confidence {}",
    only_here="the other model did not find it with these limits and this type",
    models="Entity finders",
    labels={
        "DISEASE": "disease",
        "SYMPTOM": "symptom",
        "DRUG": "drug",
        "ANATOMY": "anatomy",
        "PROCEDURE": "procedure",
        "DOSAGE": "dosage",
    },
)

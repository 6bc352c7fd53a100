"""Texts of the surprise tab."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SurpriseStrings:
    """Braces are filled with isolated numbers."""

    tab: str
    intro: str
    sentence: str
    placeholder: str
    measure: str
    waiting: str
    difference: str
    total: str
    bits: str
    unknown: str
    calmer: str
    wilder: str
    same: str
    scale: str
    low: str
    high: str
    less: str
    more: str
    too_long: str


ARABIC = SurpriseStrings(
    tab="المفاجأة",
    intro="كم تفاجئ كل كلمةٍ كلَّ نموذج حين يراها في سياقها؟ كلما زادت البتات زادت المفاجأة.",
    sentence="جملة كاملة",
    placeholder="مثال: المريض يعاني من ضيق في التنفس",
    measure="قِس المفاجأة",
    waiting="اكتب جملة أو اختر مثالًا ثم اضغط «قِس المفاجأة».",
    difference="الفرق: الطبي ناقص العام",
    total="المجموع {} بت، وعدد الكلمات {}",
    bits="بت",
    unknown="كلمة لا يعرفها المُقطِّع، فلا قياس لها",
    calmer="الجملة أقل مفاجأةً للنموذج الطبي بمقدار {} بت.",
    wilder="الجملة أكثر مفاجأةً للنموذج الطبي بمقدار {} بت.",
    same="الجملة مفاجئة للنموذجين بالقدر نفسه.",
    scale="مقياس واحد للنموذجين، بالبت لكل كلمة",
    low="متوقعة",
    high="مفاجئة",
    less="أقل مفاجأةً للطبي",
    more="أكثر مفاجأةً للطبي",
    too_long="عدد قطع الجملة بتقطيع النموذج {found}، والحد هنا {limit}. اختصرها من فضلك.",
)

ENGLISH = SurpriseStrings(
    tab="Surprise",
    intro="How much does each word surprise each model in its context? More bits, more surprise.",
    sentence="A whole sentence",
    placeholder="Example: المريض يعاني من ضيق في التنفس",
    measure="Measure surprise",
    waiting="Write a sentence or choose an example, then press “Measure surprise”.",
    difference="Difference: medical less general",
    total="{} bits in all, {} words",
    bits="bits",
    unknown="a word that the tokenizer does not know: not measured",
    calmer="The sentence surprises the medical model less, by {} bits.",
    wilder="The sentence surprises the medical model more, by {} bits.",
    same="The sentence surprises both models alike.",
    scale="One scale for both models, in bits a word",
    low="expected",
    high="surprising",
    less="less surprising to the medical model",
    more="more surprising to the medical model",
    too_long="The sentence has {found} pieces in the model's tokens; the limit here is {limit}. "
    "Please shorten it.",
)

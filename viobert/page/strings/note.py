"""Texts of the note box."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NoteStrings:
    """``errors``: by the kinds of ``FeedbackError``."""

    title: str
    label: str
    consent: str
    send: str
    thanks: str
    errors: dict[str, str]


ARABIC = NoteStrings(
    title="اترك ملاحظة",
    label="ملاحظتك على هذا القسم (500 حرف على الأكثر)",
    consent="أوافق على حفظ هذه الملاحظة، وليس فيها بيانات شخصية.",
    send="أرسل",
    thanks="شكرًا، حُفظت ملاحظتك.",
    errors={
        "empty": "اكتب ملاحظة أولًا.",
        "too_long": "الملاحظة أطول من 500 حرف.",
        "personal": "في الملاحظة ما يبدو بيانات شخصية: {}. احذفها ثم أرسل.",
        "no_consent": "تلزم موافقتك على حفظ الملاحظة.",
        "disk": "تعذّر الحفظ على القرص. أعد المحاولة بعد قليل.",
        "bad_field": "تعذّر فهم هذه الملاحظة.",
    },
)

ENGLISH = NoteStrings(
    title="Leave a note",
    label="Your note on this part (500 characters at most)",
    consent="I agree that this note is kept; it holds no personal data.",
    send="Send",
    thanks="Thank you, your note is kept.",
    errors={
        "empty": "Write a note first.",
        "too_long": "The note is longer than 500 characters.",
        "personal": "The note seems to hold personal data: {}. Remove it, then send.",
        "no_consent": "Your consent is needed to keep the note.",
        "disk": "The disk could not be written. Please try again soon.",
        "bad_field": "This note could not be understood.",
    },
)

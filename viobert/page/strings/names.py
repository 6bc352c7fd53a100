"""Names of scores' axes, settings and measures."""

from viobert.naming import Words

ARABIC = Words(
    direction="rtl",
    axes={
        "intrinsic": "كلمات مخفية في نص طبي", "left-to-right": "كلمات، قطعةً بعد قطعة",
        "forgetting": "كلمات مخفية في نص عام", "probing": "مسبار خطي",
        "fine-tuning": "ضبط دقيق للتصنيف", "dialect": "تمييز اللهجة",
        "further": "مجموعات تصنيف أخرى", "ner": "استخراج الكيانات", "mcq": "اختيار من متعدد",
        "zero-shot": "اختيار بلا تدريب", "cloze": "ملء الفراغ في جمل قصيرة",
    },
    tasks={
        "coarse": "أصناف واسعة", "fine": "أصناف ضيقة", "vaccination tweets": "تغريدات التطعيم",
        "consultation categories": "أقسام الاستشارات", "question types": "أنواع الأسئلة",
        "translated exams": "امتحانات مترجمة",
        "masked-language-modelling": "نمذجة اللغة المقنَّعة", "left-to-right": "قطعةً بعد قطعة",
        "dialect": "تمييز اللهجة", "entities": "كيانات", "choice": "اختيار",
        "zero-shot": "بلا تدريب", "cloze": "ملء الفراغ",
    },
    settings={
        "consultations": "استشارات", "encyclopaedia": "موسوعة",
        "news and public health": "أخبار وصحة عامة", "general": "نصوص عامة",
        "CLS": "متجه أول الجملة", "mean": "متوسط القطع", "10 %": "عُشر الصفوف",
        "25 %": "ربع الصفوف", "50 %": "نصف الصفوف",
        "100 %": "كل الصفوف", "strict": "مطابقة تامة", "Y1": "المستوى الأول",
        "Y2": "المستوى الثاني", "Y3": "المستوى الثالث", "Y4": "المستوى الرابع",
        "Y5": "المستوى الخامس", "all dialects": "كل اللهجات",
    },
    metrics={
        "nats_per_word": "المفاجأة، نات لكل كلمة", "bits_per_character": "المفاجأة، بت لكل حرف",
        "word_perplexity": "حيرة الكلمة", "fill_mask_top1": "الصحيحة أولى التوقعات",
        "fill_mask_top5": "الصحيحة بين أول خمسة", "fill_mask_mrr": "متوسط مقلوب المرتبة",
        "macro_f1": "متوسط \u2066F1\u2069 للأصناف", "accuracy": "نسبة الصواب",
        "precision": "الضبط", "recall": "الاستدعاء", "f1": "\u2066F1\u2069 للكيانات",
        "fitting_top1": "أول التوقعات كلمة مناسبة",
        "fitting_top5": "كلمة مناسبة بين أول خمسة",
    },
    among={"_one_piece": "(كلمات من قطعة واحدة)", "_several_pieces": "(كلمات من عدة قطع)"},
    parts={
        "DISEASE": "مرض", "SYMPTOM": "عرض", "DRUG": "دواء", "ANATOMY": "موضع من الجسم",
        "PROCEDURE": "إجراء", "DOSAGE": "جرعة",
        "msa": "الفصحى", "egyptian": "المصرية", "gulf": "الخليجية", "levantine": "الشامية",
        "maghrebi": "المغاربية",
    },
    verdicts={"gain": "مكسب", "loss": "خسارة", "no difference shown": "لم يظهر فرق"},
    names={
        "test documents": "نصوص الاختبار المحجوزة", "previous state of the art": "أفضل ما سبقه",
        "Arabic": "بالعربية", "English": "بالإنجليزية",
    },
    panels={
        "nats": "نقص المفاجأة (نات لكل كلمة)؛ الأفضل يمينًا",
        "points": "الفرق بالنقاط المئوية؛ الأفضل يمينًا",
        "percent": "أعلنه المؤلفون: نقص الحيرة بالمئة",
        "reported": "أعلنه المؤلفون: زيادة بالنقاط المئوية",
    },
    published={
        "medical_perplexity": "حيرة النص الطبي", "fill_mask_top5": "الصحيحة بين أول خمسة",
        "ner_f1": "\u2066F1\u2069 للكيانات",
        "f1_39_classes": "\u2066F1\u2069 في \u206639\u2069 صنفًا",
        "f1_5_classes": "\u2066F1\u2069 في \u20665\u2069 أصناف",
        "mcq_accuracy": "اختيار من متعدد",
    },
    points="نقطة مئوية",
)  # fmt: skip

ENGLISH = Words(
    direction="ltr",
    axes={
        "intrinsic": "Hidden words, medical", "left-to-right": "Words piece by piece",
        "forgetting": "Hidden words, general", "probing": "Linear probe",
        "fine-tuning": "Fine-tuned, share of rows", "dialect": "Telling dialects apart",
        "further": "Further labelled sets", "ner": "Finding entities", "mcq": "Multiple choice",
        "zero-shot": "Choice without training", "cloze": "Blanks in short sentences",
    },
    tasks={
        "coarse": "wide classes", "fine": "narrow classes",
        "vaccination tweets": "vaccination tweets",
        "consultation categories": "consultation sections", "question types": "question types",
        "translated exams": "translated exams",
        "masked-language-modelling": "masked language modelling",
        "left-to-right": "piece by piece", "dialect": "dialects", "entities": "entities",
        "choice": "choice", "zero-shot": "without training", "cloze": "blanks",
    },
    settings={
        "consultations": "consultations", "encyclopaedia": "encyclopaedia",
        "news and public health": "news, public health", "general": "general texts",
        "CLS": "[CLS]", "mean": "mean", "10 %": "10%",
        "25 %": "25%", "50 %": "50%", "100 %": "100%",
        "strict": "exact match", "Y1": "level 1", "Y2": "level 2", "Y3": "level 3",
        "Y4": "level 4", "Y5": "level 5", "all dialects": "all dialects",
    },
    metrics={
        "nats_per_word": "surprise, nats a word",
        "bits_per_character": "surprise, bits a character", "word_perplexity": "word perplexity",
        "fill_mask_top1": "right word first", "fill_mask_top5": "right word in first five",
        "fill_mask_mrr": "mean reciprocal rank", "macro_f1": "macro-F1", "accuracy": "accuracy",
        "precision": "precision", "recall": "recall", "f1": "entity F1",
        "fitting_top1": "fitting word first", "fitting_top5": "fitting word in first five",
    },
    among={"_one_piece": "(words of one piece)", "_several_pieces": "(words of several pieces)"},
    parts={
        "DISEASE": "disease", "SYMPTOM": "symptom", "DRUG": "drug", "ANATOMY": "anatomy",
        "PROCEDURE": "procedure", "DOSAGE": "dosage",
        "msa": "Standard Arabic", "egyptian": "Egyptian", "gulf": "Gulf", "levantine": "Levantine",
        "maghrebi": "Maghrebi",
    },
    verdicts={"gain": "gain", "loss": "loss", "no difference shown": "no difference shown"},
    names={
        "test documents": "held-out test texts",
        "previous state of the art": "the best before it", "Arabic": "in Arabic",
        "English": "in English",
    },
    panels={
        "nats": "Less surprise (nats a word); better is right",
        "points": "Difference in points; better is right",
        "percent": "Reported: fall of perplexity, percent",
        "reported": "Reported: percentage points more",
    },
    published={
        "medical_perplexity": "medical perplexity", "fill_mask_top5": "right word in first five",
        "ner_f1": "entity F1", "f1_39_classes": "F1, 39 classes", "f1_5_classes": "F1, 5 classes",
        "mcq_accuracy": "multiple choice",
    },
    points="points",
)  # fmt: skip

"""How a model is used, as code that a test runs as it stands in the card."""

from __future__ import annotations

FILL = """```python
from transformers import pipeline

fill = pipeline("fill-mask", model="{place}")
for answer in fill("المريض يعاني من [MASK] في الصدر"):
    print(answer["token_str"], round(answer["score"], 3))
```"""

CLASSIFY = """```python
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer
from transformers import TrainingArguments

texts = ["وجع في صدري عند صعود الدرج", "طفح جلدي وحكة في اليد"]  # yours, some hundreds at least
labels = ["cardiology", "dermatology"]
name = "{place}"
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForSequenceClassification.from_pretrained(
    name, dtype="float32", num_labels=len(labels), id2label=dict(enumerate(labels))
)
rows = Dataset.from_dict({{**tokenizer(texts, truncation=True), "label": [0, 1]}})
options = TrainingArguments("my-classifier", num_train_epochs=5, learning_rate={rate:g})
Trainer(model, options, train_dataset=rows, processing_class=tokenizer).train()
```"""

TAG = """```python
from datasets import Dataset
from transformers import AutoModelForTokenClassification, AutoTokenizer, Trainer
from transformers import DataCollatorForTokenClassification, TrainingArguments

words = [["يتناول", "الميتفورمين", "500", "ملغ", "للسكري"]]  # yours, some hundreds of sentences
tags = [["O", "B-DRUG", "B-DOSAGE", "I-DOSAGE", "B-DISEASE"]]
names = ["O", "B-DRUG", "I-DRUG", "B-DOSAGE", "I-DOSAGE", "B-DISEASE", "I-DISEASE"]
name = "{place}"
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForTokenClassification.from_pretrained(
    name, dtype="float32", num_labels=len(names), id2label=dict(enumerate(names))
)
rows = tokenizer(words, is_split_into_words=True, truncation=True)
labels = []  # on the first piece of each word; -100 elsewhere is not learned from
for number, sentence in enumerate(tags):
    of = rows.word_ids(number)
    first = [word is not None and word not in of[:place] for place, word in enumerate(of)]
    labels.append([names.index(sentence[w]) if f else -100 for w, f in zip(of, first)])
options = TrainingArguments("my-tagger", num_train_epochs=5, learning_rate={rate:g})
Trainer(
    model,
    options,
    train_dataset=Dataset.from_dict({{**rows, "labels": labels}}),
    data_collator=DataCollatorForTokenClassification(tokenizer),
).train()
```"""

FIND = """```python
from transformers import pipeline

name = "{place}"
find = pipeline("token-classification", model=name, aggregation_strategy="first")
print(find("يعاني من السكري ويتناول الميتفورمين"))
```

Whole words, with the project installed:

```python
from viobert.ner import Tagger

print(Tagger("{place}")("يعاني من السكري ويتناول الميتفورمين"))
```"""

CLASSES = """```python
from transformers import pipeline

classify = pipeline("text-classification", model="{place}")
print(classify("وجع في صدري عند صعود الدرج", top_k=3))
```"""

"""Who is to be named: gatherers of texts, and papers."""

from __future__ import annotations

#: Who gathered the texts, by the name in the documents' ``source`` column.
CREDITS = {
    "wikipedia-ar": "Arabic Wikipedia, its contributors",
    "wikipedia-arz": "Egyptian Arabic Wikipedia, its contributors",
    "ant-news": "ANT corpus of Tunisian radio news",
    "tweets-2018": "Arabic sentiment tweets, 2018 and 2019",
    "shami": "Shami corpus of Levantine dialects (Abu Kwaik et al. 2018)",
    "arabic-stories": "collection of Arabic stories",
    "aramed": "AraMed, medical questions and answers (Alasmari et al. 2024)",
    "mentalqa": "MentalQA, mental-health questions and answers (Alhuzali et al. 2024)",
    "tico-19": "TICO-19, COVID-19 texts in professional translation (Anastasopoulos et al. 2020)",
    "viobert-health-texts": "synthetic texts written for this project (assets/health)",
    "viobert-sample": "texts written for this project",
    "AHD": "AHD, questions and answers of Altibbi (Mendeley Data mgj29ndgrk)",
    "Shifaa": "Shifaa Arabic Medical Consultations (Ahmed-Selem on the Hub)",
    "WHO": "World Health Organization, Arabic pages",
}

_MARBERT = """@inproceedings{abdul-mageed-etal-2021-arbert,
  title = {{ARBERT} \\& {MARBERT}: Deep Bidirectional Transformers for {A}rabic},
  author = {Abdul-Mageed, Muhammad and Elmadany, AbdelRahim and Nagoudi, El Moatez Billah},
  booktitle = {Proceedings of ACL-IJCNLP 2021}, year = {2021},
  url = {https://aclanthology.org/2021.acl-long.551}
}"""
_SOFTWARE = """@software{viobert,
  title = {vioBERT: domain adaptation of Arabic BERT models to medicine},
  author = {{The vioBERT developers}}, year = {2026}, version = {%s}
}"""


def citations(base: str, version: str) -> str:
    """BibTeX entries of a model; ``base``: the Hub name of what it continues, or empty."""
    found = [_SOFTWARE % version]
    if "MARBERT" in base:
        found.append(_MARBERT)
    return "\n\n".join(found)

"""What a reader of the gains should know besides, told by the same scores."""

from __future__ import annotations

from collections.abc import Sequence

from viobert.naming import gains
from viobert.naming import name as setting_of
from viobert.scores import ALL, Score, shown


def caveats(scores: Sequence[Score]) -> str:
    """A paragraph each, where there is something to say."""
    found = (_by_accuracy(scores), _at_chance(scores), _contaminated(scores))
    return "\n\n".join(filter(None, found))


def chance(score: Score) -> str:
    """What guessing finds, in brackets; empty where nothing is chosen from options."""
    guess = score.envelope.get("chance") if score.metric == "accuracy" else None
    return f" (chance {100 * guess:.1f} %)" if guess else ""


def _by_accuracy(scores: Sequence[Score]) -> str:
    """Whether a gain in macro-F1 hangs on classes of few rows."""
    judged = [s for s in gains(scores) if s.metric == "macro_f1"]
    also = {_setting(s): s for s in scores if s.metric == "accuracy" and s.against and _mean(s)}
    pairs = [(s, also[_setting(s)]) for s in judged if _setting(s) in also]
    if not pairs:
        return ""
    verdicts = [other.verdict for _, other in pairs]
    text = (
        "Macro-F1 counts each class alike, however few its rows. By accuracy, of these "
        f"{len(pairs)} settings {verdicts.count('gain')} are gains and {verdicts.count('loss')} "
        "losses"
    )
    apart = [o for s, o in pairs if s.verdict != o.verdict]
    told = "; ".join(f"{setting_of(o)} {shown(o)}, {o.verdict}" for o in apart)
    return f"{text}; the verdict is another one for: {told}." if apart else f"{text}."


def _at_chance(scores: Sequence[Score]) -> str:
    """Settings in which no interval of either model leaves out what guessing finds."""
    asked = [s for s in gains(scores) if chance(s)]
    own = {(s.model, *_setting(s)): s for s in scores
           if s.metric == "accuracy" and not s.against and _mean(s)}  # fmt: skip
    guessed = []
    for gain in asked:
        pair = [s for (_, *of), s in own.items() if tuple(of) == _setting(gain)]
        if all(s.low <= gain.envelope["chance"] <= s.high for s in pair):
            guessed.append(gain)
    if not guessed:
        return ""
    names = ", ".join(setting_of(s) for s in guessed)
    text = f"Neither model's answers can be told from guessing in: {names}."
    if any(s.verdict != "no difference shown" for s in guessed):
        text += " A difference between the two there says little."
    return text


def _contaminated(scores: Sequence[Score]) -> str:
    spoilt = [s for s in gains(scores) if s.envelope.get("contaminated")]
    if not spoilt:
        return ""
    told = ", ".join(f"{setting_of(s)} ({s.envelope['contaminated']} of {s.n:,})" for s in spoilt)
    return (
        f"Training texts hold some of the items of: {told}. The medical model's card tells the "
        "scores of the others alone."
    )


def _setting(score: Score) -> tuple[str, str, str]:
    return score.axis, score.task, score.setting


def _mean(score: Score) -> bool:
    """Of all items, and of all seeds."""
    return score.seed is None and score.items == ALL

() => {
  const box = document.querySelector("#sentence textarea, #sentence input");
  const { selectionStart: start, selectionEnd: end } = box;
  const lead = /\S$/.test(box.value.slice(0, start)) ? " " : "";
  const after = box.value.slice(end);
  const gap = /^[^\s.,:;!?،؛؟]/.test(after) ? " " : "";
  // In the box itself and at once: a value that is returned arrives later, over what was typed since.
  box.focus();
  box.setRangeText(`${lead}[MASK]${gap}`, start, end, "end");
  if (/^\s/.test(after)) box.setSelectionRange(box.selectionEnd + 1, box.selectionEnd + 1);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

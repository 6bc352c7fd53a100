(text) => {
  const box = document.querySelector("#sentence textarea, #sentence input");
  const before = box.value.slice(0, box.selectionStart);
  const after = box.value.slice(box.selectionEnd);
  const head = before + (/\S$/.test(before) ? " " : "") + "[MASK]";
  const gap = /^[^\s.,:;!?،؛؟]/.test(after) ? " " : "";
  const caret = head.length + (gap || /^\s/.test(after) ? 1 : 0);
  // The box takes its new value only after this function has returned it.
  setTimeout(() => {
    box.focus();
    box.setSelectionRange(caret, caret);
  }, 50);
  return head + gap + after;
}

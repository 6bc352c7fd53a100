() => {
  if (window.viobertKeys) return;
  window.viobertKeys = true;
  const votes = ["A", "B", "tie", "both_bad"];
  // A ticked box keeps the focus, and a digit is nothing to it.
  const written = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.key?.length !== 1) return;
    if (event.target.closest?.(written)) return;
    // Arabic keyboards give Arabic-Indic digits.
    const at = Math.max("1234".indexOf(event.key), "١٢٣٤".indexOf(event.key));
    const button = at < 0 ? null : document.querySelector(`#vote-${votes[at]}`);
    if (!button || button.disabled || !button.offsetParent) return;
    event.preventDefault();
    button.click();
  });
}

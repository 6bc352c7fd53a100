() => {
  if (window.viobertKeys) return;
  window.viobertKeys = true;
  const votes = ["A", "B", "tie", "both_bad"];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    // Arabic keyboards give Arabic-Indic digits.
    const at = Math.max("1234".indexOf(event.key), "١٢٣٤".indexOf(event.key));
    const button = at < 0 ? null : document.querySelector(`#vote-${votes[at]}`);
    if (!button || button.disabled || !button.offsetParent) return;
    event.preventDefault();
    button.click();
  });
}

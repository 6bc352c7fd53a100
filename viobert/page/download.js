(text) => {
  if (!text) return;
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "viobert.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

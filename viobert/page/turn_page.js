() => {
  const root = document.documentElement;
  const english = root.dir === "rtl";
  root.lang = english ? "en" : "ar";
  root.dir = english ? "ltr" : "rtl";
  const url = new URL(location.href);
  if (english) url.searchParams.set("lang", "en");
  else url.searchParams.delete("lang");
  history.replaceState(null, "", url);
}

// Applies the theme that was chosen here before the first paint.
try {
  const theme = localStorage.getItem("ccoin.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}

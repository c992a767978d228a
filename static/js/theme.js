// Light or dark before the first paint: the reader's choice, else the system's. Loaded in the head, without defer.
(() => {
  const KEY = "theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden: follow the system
    }
  };
  const current = () => read() || (system.matches ? "dark" : "light");
  const show = () => document.documentElement.setAttribute("data-bs-theme", current());

  document.documentElement.classList.add("has-scripts");
  show();
  system.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    try {
      window.localStorage.setItem(KEY, current() === "dark" ? "light" : "dark");
    } catch {
      return;
    }
    show();
    document.dispatchEvent(new CustomEvent("themechange"));
  });
})();

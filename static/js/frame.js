// The frame: menus that close, keys that work on every page, words for the screen reader, htmx told how we answer.
(() => {
  // Filters fold where they would fill the screen; wider, they are always open.
  const narrow = window.matchMedia("(max-width: 800px)");
  const fold = () => document.querySelectorAll("details[data-fold]").forEach((part) => { part.open = !narrow.matches || part.querySelector("[aria-invalid]") !== null; });
  fold();
  narrow.addEventListener("change", fold);

  // A page that comes back with something to mend begins there.
  document.addEventListener("DOMContentLoaded", () => document.querySelector("main [aria-invalid='true']")?.focus());

  const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

  // The newest line stands in the top bar, where it covers no field or button.
  const say = (message, isBad) => {
    const toasts = document.getElementById("toasts");
    const line = document.createElement("p");
    line.className = isBad ? "toast-line is-bad mb-0" : "toast-line mb-0";
    line.textContent = message;
    toasts.replaceChildren(line);
    window.setTimeout(() => line.remove(), isBad ? 12000 : 4000);
  };

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
    if (event.target.closest("[data-shortcuts]")) document.getElementById("shortcuts").showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => say("Copied."), () => say("Copying is not allowed here.", true));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    });
    const wantsSearch = (event.ctrlKey || event.metaKey) && event.key === "k";
    if (!wantsSearch && (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey)) return;
    if (wantsSearch || event.key === "/") {
      event.preventDefault();
      document.getElementById("search")?.focus();
    } else if (event.key === "?") {
      document.getElementById("shortcuts")?.showModal();
    }
  });

  // What was said of the last act, or of a field, is gone once it is no longer so.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb !== "get") document.querySelectorAll("main > .notice-success").forEach((notice) => notice.remove());
  });
  document.addEventListener("change", (event) => {
    if (event.target.type !== "checkbox" || !event.target.checked || event.target.getAttribute("aria-invalid") !== "true") return;
    event.target.removeAttribute("aria-invalid");
    event.target.closest(".field")?.querySelector(".problem")?.remove();
  });

  // Polled parts carry the entity tag of what is shown: an unchanged part answers 304 and is left alone.
  document.addEventListener("htmx:configRequest", (event) => {
    const tag = event.detail.elt.dataset.etag;
    if (event.detail.verb === "get" && tag) event.detail.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.elt;
    if (part.dataset.etag && part.querySelector("[data-slot] form, details.menu[open]")) event.preventDefault(); // in use
  });
  document.addEventListener("announce", (event) => say(event.detail.value, event.detail.isBad));
  document.addEventListener("htmx:sendError", () => say("The server cannot be reached. Nothing was changed.", true));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) say("Something went wrong on our side. Nothing was changed.", true);
  });
})();

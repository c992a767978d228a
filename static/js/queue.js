// A queue by keyboard: j and k move, letters act on the chosen row, Enter opens it. Each key presses a button that is there to click.
(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const chosen = () => document.querySelector("[data-row].is-chosen");
  let last = null; // the chosen lead survives a refresh of the queue

  const choose = (row, move) => {
    if (!row) return;
    rows().forEach((other) => other.classList.toggle("is-chosen", other === row));
    last = row.dataset.row;
    if (move) {
      row.querySelector("a").focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    }
  };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(chosen());
    choose(all[Math.min(all.length - 1, Math.max(0, at + by))], true);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const slot = event.target.closest("[data-slot]");
      if (slot) {
        slot.replaceChildren();
        chosen()?.querySelector("a").focus();
      }
      return;
    }
    if (event.target.closest("input, select, textarea, dialog")) return;
    if (event.key === "j" || event.key === "k") return step(event.key === "j" ? 1 : -1);
    if (event.key === "Enter" && event.target === document.body) return chosen()?.querySelector("a")?.click();
    const button = /^[a-z]$/.test(event.key) && chosen()?.querySelector(`[data-key="${event.key}"]`);
    if (button) {
      event.preventDefault();
      button.click();
    }
  });
  document.addEventListener("DOMContentLoaded", () => chosen() || choose(rows()[0]));
  document.addEventListener("focusin", (event) => choose(event.target.closest("[data-row]")));
  document.addEventListener("click", (event) => {
    choose(event.target.closest("[data-row]"));
    const cancel = event.target.closest("[data-cancel]");
    const slot = cancel?.closest("[data-slot]");
    if (slot) {
      event.preventDefault();
      slot.replaceChildren();
      chosen()?.querySelector("a").focus();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const slot = event.target.closest?.("[data-slot]");
    if (slot) (slot.querySelector("[aria-invalid='true']") || slot.querySelector("[autofocus]") || slot.querySelector("select, input:not([type=hidden]), textarea"))?.focus();
    else if (!chosen()) choose(document.querySelector(`[data-row="${CSS.escape(last || "")}"]`) || rows()[0]);
  });
})();

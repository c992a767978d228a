// A queue by keyboard: j and k move, letters act on the chosen row, Enter opens it. Each key presses a button that is there to click.
(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const chosen = () => document.querySelector("[data-row].is-chosen");
  let last = null; // the chosen lead survives a refresh of the queue
  let opened = null; // where the focus was when a form was opened: it goes back there
  let left = null; // where the focus was before a part was swapped: the lead, its section, and its place in the list
  const section = (row) => row.closest("section")?.getAttribute("aria-labelledby");

  const typed = (form) => [...form.elements].some((field) => {
    if (field.type === "hidden" || field.type === "submit") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return [...field.options].some((option, place) => option.selected !== (option.defaultSelected || (!field.multiple && !field.querySelector("[selected]") && place === 0)));
    return field.value !== field.defaultValue;
  });
  const close = (slot) => {
    slot.replaceChildren();
    (opened?.isConnected ? opened : chosen()?.querySelector("a"))?.focus();
  };

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
      const form = slot?.querySelector("form");
      if (!slot || event.target.closest("dialog")) return;
      if (form && !form.dataset.warned && typed(form)) {
        form.dataset.warned = "yes";
        document.dispatchEvent(new CustomEvent("announce", { detail: { value: "Not sent yet. Escape again throws away what you typed.", isBad: true } }));
      } else close(slot);
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
      close(slot);
    }
  });
  // An action takes its row away, and the focus with it: it goes to the row if that still stands in its section, else to the one in its place.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = event.detail.target?.contains(document.activeElement) && document.activeElement.closest("[data-row]");
    if (row) left = { lead: row.dataset.row, section: section(row), place: rows().indexOf(row) };
  });
  document.addEventListener("htmx:afterSettle", () => {
    const all = rows();
    if (left && document.activeElement === document.body && all.length) {
      choose(all.find((row) => row.dataset.row === left.lead && section(row) === left.section) || all[Math.min(left.place, all.length - 1)], true);
    }
    left = null;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const here = document.activeElement;
    if (event.detail.target?.matches("[data-slot]") && !here.closest("[data-slot]")) opened = here === document.body ? null : here;
  });
  document.addEventListener("input", (event) => delete event.target.form?.dataset.warned);
  document.addEventListener("htmx:afterSettle", (event) => {
    const slot = event.target.closest?.("[data-slot]");
    if (slot) (slot.querySelector("[aria-invalid='true']") || slot.querySelector("[autofocus]") || slot.querySelector("select, input:not([type=hidden]), textarea"))?.focus();
    else if (!chosen()) choose(document.querySelector(`[data-row="${CSS.escape(last || "")}"]`) || rows()[0]);
  });
})();

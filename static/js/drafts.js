// Drafts: what somebody typed survives a login in between. A form that is sent is kept in this tab until its answer comes; where the answer
// is the login or a refusal it is kept for an hour more, for the same person, and put back where the form is shown again.
// Passwords and files are never kept, logging out forgets, and only what stands in the frame is looked at: no public form.
(() => {
  const KEY = "draft";
  const HOUR = 60 * 60 * 1000; // milliseconds
  const NEVER = ["password", "file", "submit", "button", "reset", "image"];
  const otherTabs = new BroadcastChannel("drafts");
  const reader = () => document.body.dataset.reader || "";

  const keep = (draft) => {
    try {
      window.sessionStorage.setItem(KEY, JSON.stringify(draft));
    } catch {
      return; // storage may be forbidden or full: then nothing is kept
    }
  };
  const forget = () => {
    try {
      window.sessionStorage.removeItem(KEY);
    } catch {
      return;
    }
  };
  const kept = () => {
    try {
      const draft = JSON.parse(window.sessionStorage.getItem(KEY));
      if (!draft) return null;
      if (Date.now() - draft.at < HOUR && (!reader() || reader() === draft.reader)) return draft;
    } catch {
      return null;
    }
    forget();
    return null;
  };

  const fields = (form) => [...form.elements].filter((field) => field.name && field.name !== "csrfmiddlewaretoken" && !NEVER.includes(field.type));
  const isTyped = (field) => field.type !== "hidden";
  const target = (form) => new URL(form.getAttribute("action") || "", window.location.href).pathname;
  const said = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked ? [field.value] : [];
    return field.multiple ? [...field.selectedOptions].map((option) => option.value) : [field.value];
  };
  const put = (field, values) => {
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field.multiple) [...field.options].forEach((option) => (option.selected = values.includes(option.value)));
    else if (values.length) field.value = values[0];
  };

  const remember = (form) => {
    const all = fields(form);
    if (!reader() || form.getAttribute("method") !== "post" || !all.some(isTyped)) return;
    const values = {};
    all.forEach((field) => (values[field.name] = [...(values[field.name] || []), ...said(field)]));
    const isPart = form.hasAttribute("hx-post"); // such a form has a page of its own where it is sent to
    const page = isPart ? target(form) : window.location.pathname + window.location.search;
    keep({ reader: reader(), target: target(form), page, values, at: Date.now(), isLost: false });
  };

  const putBack = (draft) => {
    const names = Object.keys(draft.values);
    const fits = (form) => target(form) === draft.target && names.every((name) => form.elements[name]);
    const form = [...document.querySelectorAll("form[method='post']")].find(fits);
    if (!form) return;
    fields(form).forEach((field) => put(field, draft.values[field.name] || []));
    const notice = document.createElement("p");
    notice.className = "notice notice-warning";
    notice.setAttribute("role", "status");
    notice.dataset.kept = "";
    notice.textContent = "We kept what you typed; it is not sent yet. Look it over and send it.";
    form.before(notice);
    notice.scrollIntoView({ block: "center" });
    forget();
  };

  const lose = (draft, offer) => {
    keep({ ...draft, isLost: true });
    offer.hidden = false;
    const next = document.querySelector("form [name='next']");
    if (next) next.value = draft.page;
    offer.querySelector("a")?.setAttribute("href", draft.page);
  };

  // A page has come, or a refusal in place of one.
  const arrive = (isPage) => {
    const draft = kept();
    if (!draft) return;
    const offer = document.querySelector("[data-draft-offer]");
    if (offer) lose(draft, offer);
    else if (draft.isLost) putBack(draft);
    else if (isPage) forget(); // it was answered
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.hasAttribute("data-forgets-drafts")) return remember(event.target);
    forget();
    otherTabs.postMessage("forget");
  }, true);
  document.addEventListener("htmx:afterSettle", () => arrive(false));
  otherTabs.addEventListener("message", forget);
  arrive(true);
})();

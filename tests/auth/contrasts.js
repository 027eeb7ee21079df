// Runs in the browser, after contrast.js: each text of the page, and how well it stands out.
(() =>
  [...document.querySelectorAll('h1, p, label, input, button, .fault a')].map((element) => ({
    element: element.outerHTML,
    contrast: globalThis.contrastOf(element),
  })))();

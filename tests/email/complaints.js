// Runs in the browser, after contrast.js: lists the faults of an email.
(() => {
  const ownText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
  const shown = [...document.body.querySelectorAll('*')].filter(
    (element) => ownText(element) && element.getClientRects().length > 0 && getComputedStyle(element).fontSize !== '0px',
  );
  const faults = [
    ...shown.filter((element) => globalThis.contrastOf(element) < 4.5).map((element) => `hard to read: ${element.textContent}`),
    ...shown
      .filter((element) => Number.parseFloat(getComputedStyle(element).fontSize) < 13)
      .map((element) => `too small: ${element.textContent}`),
    ...[...document.querySelectorAll('table')]
      .filter((table) => !['presentation', 'img'].includes(table.getAttribute('role')))
      .map((table) => `a table without a role: ${table.outerHTML.slice(0, 80)}`),
    ...[...document.querySelectorAll('[role=img]:not([aria-label]), img:not([alt])')].map(() => 'an image without a text'),
    ...[...document.links].filter((link) => link.textContent.trim() === '').map(() => 'a link without a text'),
    ...(document.documentElement.lang ? [] : ['no language']),
    ...(document.title ? [] : ['no title']),
    ...(document.querySelectorAll('h1').length === 1 ? [] : ['not one headline']),
    ...(document.documentElement.scrollWidth > window.innerWidth ? ['wider than the window'] : []),
  ];
  const number = document.querySelector('.number');
  return { words: shown.length, number: number ? Number.parseFloat(getComputedStyle(number).fontSize) : 0, faults };
})();

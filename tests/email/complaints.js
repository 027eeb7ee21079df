// Runs in the browser: what is wrong with a mail. Contrasts are those of WCAG 2.2; 4.5 is enough.
(() => {
  const luminance = (colour) => {
    const [red, green, blue] = colour.match(/[\d.]+/g).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    const through = backgroundColor === 'rgba(0, 0, 0, 0)' && element.parentElement;
    return through ? groundOf(through) : backgroundColor;
  };
  const contrastOf = (element) => {
    const [text, back] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
    return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
  };
  const ownText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
  const shown = [...document.body.querySelectorAll('*')].filter(
    (element) => ownText(element) && element.getClientRects().length > 0 && getComputedStyle(element).fontSize !== '0px',
  );
  const faults = [
    ...shown.filter((element) => contrastOf(element) < 4.5).map((element) => `hard to read: ${element.textContent}`),
    ...shown
      .filter((element) => Number.parseFloat(getComputedStyle(element).fontSize) < 13)
      .map((element) => `too small: ${element.textContent}`),
    ...[...document.querySelectorAll('table')]
      .filter((table) => !['presentation', 'img'].includes(table.getAttribute('role')))
      .map((table) => `a table that is read as data: ${table.outerHTML.slice(0, 80)}`),
    ...[...document.querySelectorAll('[role=img]:not([aria-label]), img:not([alt])')].map(() => 'a picture without words'),
    ...[...document.links].filter((link) => link.textContent.trim() === '').map(() => 'a link without words'),
    ...(document.documentElement.lang ? [] : ['no language']),
    ...(document.title ? [] : ['no title']),
    ...(document.querySelectorAll('h1').length === 1 ? [] : ['not one headline']),
    ...(document.documentElement.scrollWidth > window.innerWidth ? ['wider than the window'] : []),
  ];
  const number = document.querySelector('.number');
  return { words: shown.length, number: number ? Number.parseFloat(getComputedStyle(number).fontSize) : 0, faults };
})();

// Runs in the browser: each text of the page, and how much lighter it is than what is behind it, or darker (WCAG 2.2).
(() => {
  const luminance = (colour) => {
    const [red, green, blue] = colour.match(/[\d.]+/g).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    const through = backgroundColor === 'rgba(0, 0, 0, 0)' && element.parentElement;
    return through ? backgroundOf(through) : backgroundColor;
  };
  return [...document.querySelectorAll('h1, p, label, input, button, .fault a')].map((element) => {
    const [text, back] = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))];
    return { element: element.outerHTML, contrast: (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05) };
  });
})();

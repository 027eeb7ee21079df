// Runs in the browser, before a script that uses it: how much lighter an element's text is than what is behind it, or darker
// (WCAG 2.2); 4.5 is enough.
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
  globalThis.contrastOf = (element) => {
    const [text, back] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
    return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
  };
})();

// Runs in the browser, before scripts that use it: contrasts as defined in WCAG 2.2. Text needs 4.5, the edges of buttons
// and fields 3.
(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  /** Parses any CSS colour: red, green and blue from 0 to 255, alpha from 0 to 1. */
  const parse = (colour) => {
    const [, list] = /^rgba?\((.*)\)$/.exec(colour) ?? [];
    if (list) {
      const [red, green, blue, alpha = 1] = list.split(/[\s,/]+/).map(Number);
      return [red, green, blue, alpha];
    }
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [red, green, blue, alpha / 255]);
    }
    return known.get(colour);
  };
  const over = ([red, green, blue, alpha], ground) =>
    [red, green, blue].map((part, index) => part * alpha + ground[index] * (1 - alpha));
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  /** Returns the browser's default background. */
  const bare = () => {
    const scheme = document.querySelector('meta[name=color-scheme]')?.content;
    const dark = matchMedia('(prefers-color-scheme: dark)').matches && /dark/.test(scheme);
    return dark ? [18, 18, 18] : [255, 255, 255];
  };
  const opacityOf = (element) =>
    Number(getComputedStyle(element).opacity) * (element.parentElement ? opacityOf(element.parentElement) : 1);
  const groundOf = (element) => {
    if (!element) return bare();
    const colour = parse(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, groundOf(element.parentElement));
  };
  /** Returns the contrast of an element's text. @param pseudo such as `::placeholder` */
  globalThis.contrastOf = (element, pseudo) => {
    const ground = groundOf(element);
    const { color, opacity } = getComputedStyle(element, pseudo);
    const [red, green, blue, alpha] = parse(color);
    const seen = alpha * opacityOf(element) * (pseudo ? Number(opacity) : 1);
    return contrast(over([red, green, blue, seen], ground), ground);
  };
  /** Returns the contrast of a button or a field, by its edge or its background. */
  globalThis.partContrastOf = (element) => {
    const around = groundOf(element.parentElement);
    const { borderBottomColor, borderBottomWidth } = getComputedStyle(element);
    const edge = borderBottomWidth === '0px' ? around : over(parse(borderBottomColor), around);
    return Math.max(contrast(edge, around), contrast(groundOf(element), around));
  };
})();

// Runs in the browser, after contrast.js: lists the faults of the open page that make it hard to see, read or use.
(() => {
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;
  const name = (element) => element.outerHTML.replaceAll(/\s+/g, ' ').slice(0, 160);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (data.trim() !== '' && shown(parentElement) && !parentElement.closest('script, style, :disabled, svg')) {
      texts.push({ text: data.trim(), element: parentElement });
    }
  }
  const fields = all('input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea').filter(
    (field) => !field.matches(':disabled'),
  );
  const hardToRead = [
    ...texts.map(({ text, element }) => [globalThis.contrastOf(element), `${text} in ${name(element)}`]),
    ...fields.map((field) => [globalThis.contrastOf(field), `the text of ${name(field)}`]),
    ...fields
      .filter(({ placeholder }) => placeholder)
      .map((field) => [globalThis.contrastOf(field, '::placeholder'), `the placeholder of ${name(field)}`]),
  ];
  // A button without border and background has no edge to check, because its text alone makes it visible.
  const bare = (button) => {
    const { borderBottomWidth, borderBottomStyle, borderBottomColor, backgroundColor } = getComputedStyle(button);
    const clear = /^rgba\(.*, 0\)$/;
    const edge = borderBottomWidth !== '0px' && borderBottomStyle !== 'none' && !clear.test(borderBottomColor);
    return !edge && clear.test(backgroundColor);
  };
  const parts = [...fields, ...all('button, a.quiet').filter((part) => !part.matches(':disabled') && !bare(part))];
  const ownTargets = all('a, button, input:not([type=hidden]), select, textarea, summary, label.check').filter(
    (target) => !target.matches(':is(p, li, td, dd) a') || target.closest('.elsewhere'),
  );
  const sizeOf = (target) => {
    const box = (target.closest('label') ?? target).getBoundingClientRect();
    return Math.min(box.width, box.height);
  };
  const small = ownTargets.filter((target) => sizeOf(target) > 0 && sizeOf(target) < 24);
  const faulty = all('[aria-invalid=true]');
  const probe = document.createElement('span');
  probe.style.color = 'var(--fault)';
  document.body.append(probe);
  const faultColour = getComputedStyle(probe).color;
  probe.remove();
  const isFaultColour = (element) => element.querySelector('a') !== null || getComputedStyle(element).color === faultColour;
  const heading = document.querySelectorAll('h1');
  const problems = (selector, why, wrong) => all(selector).filter(wrong).map((element) => `${why}: ${name(element)}`);
  return {
    title: document.title,
    lang: document.documentElement.lang,
    texts: texts
      .filter(({ element }) => !element.closest('bdi, .brand, [lang]:not(html)'))
      .map(({ text }) => text)
      .filter((text) => /\p{L}/u.test(text)),
    links: [...document.links].map((link) => link.getAttribute('href')),
    forms: document.forms.length,
    faults: [
      ...hardToRead.filter(([contrast]) => contrast < 4.5).map(([contrast, what]) => `${contrast.toFixed(2)} is hard to read: ${what}`),
      ...parts
        .filter((part) => globalThis.partContrastOf(part) < 3)
        .map((part) => `${globalThis.partContrastOf(part).toFixed(2)} is hard to see: ${name(part)}`),
      ...small.map((target) => `hard to hit, ${sizeOf(target).toFixed(1)} px: ${name(target)}`),
      ...texts.filter(({ text }) => /`/.test(text)).map(({ text }) => `raw Markdown: ${text}`),
      ...problems('input:not([type=hidden]), select, textarea', 'no label', ({ labels, ariaLabel, title, placeholder }) => !labels?.length && !ariaLabel && !title && !placeholder),
      ...problems('button, a[href]', 'no name', ({ textContent, ariaLabel, title }) => !textContent.trim() && !ariaLabel && !title),
      ...problems('img', 'no alternative text', (image) => !image.hasAttribute('alt')),
      ...problems('[aria-describedby]', 'a missing description', (element) =>
        element.getAttribute('aria-describedby').split(' ').some((id) => !document.getElementById(id)),
      ),
      ...problems('input[type=checkbox]', 'squeezed', (box) => {
        const { width, height } = box.getBoundingClientRect();
        return Math.abs(width - height) > 1;
      }),
      ...(faulty.length > 0 && document.activeElement !== faulty[0] ? [`the focus is not on ${name(faulty[0])}`] : []),
      ...(faulty.length > 0 && all('[role=alert]').length === 0 ? ['an error that is not announced'] : []),
      ...problems('main .fault, main .fault a', 'not in the colour of errors', (element) => !isFaultColour(element)),
      ...(heading.length === 1 ? [] : [`${heading.length} headings of the first level`]),
      ...(document.querySelectorAll('main').length === 1 ? [] : ['not one main landmark']),
      ...(document.title && document.documentElement.lang ? [] : ['no title or no language']),
      ...(document.documentElement.scrollWidth > window.innerWidth ? [`${document.documentElement.scrollWidth} px wide`] : []),
    ],
  };
})();

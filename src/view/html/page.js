// The functions of the page: filters, opening rows, the texts of other hosts.
'use strict';
{
  const data = JSON.parse(document.getElementById('forms').textContent);
  const form = document.getElementById('filters');
  const none = document.getElementById('none');
  const rows = [...document.querySelectorAll('.row')].map((element) => ({
    element,
    verbs: element.dataset.verb.split(' '),
    phase: element.dataset.phase,
    hosts: rangesOf(element.dataset.hosts),
    endings: (element.dataset.ending ?? '').split(' '),
    text: undefined,
  }));

  /** `0-2,5` as pairs. */
  function rangesOf(text) {
    if (!text) return [];
    return text.split(',').map((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return [from, to];
    });
  }

  const within = (ranges, number) => ranges.some(([from, to]) => from <= number && number <= to);

  /** The whole text of a row, with the forms of other hosts, in lower case. */
  function textOf(row) {
    if (row.text === undefined) {
      const forms = [...row.element.querySelectorAll('pre[data-forms]')].map((pre) =>
        JSON.stringify(data.forms[pre.dataset.forms]),
      );
      const hosts = row.hosts.flatMap(([from, to]) => data.hosts.slice(from, to + 1));
      row.text = [row.element.textContent, ...hosts, ...forms].join('\n').toLowerCase();
    }
    return row.text;
  }

  function filter() {
    const value = (name) => form.elements[name]?.value ?? '';
    const words = value('text').toLowerCase().split(/\s+/).filter(Boolean);
    const [host, phase, verb, ending] = ['host', 'phase', 'verb', 'ending'].map(value);
    let shown = 0;
    for (const row of rows) {
      const fits =
        (host === '' || within(row.hosts, Number(host))) &&
        (phase === '' || row.phase === phase) &&
        (verb === '' || row.verbs.includes(verb)) &&
        (ending === '' || row.endings.includes(ending)) &&
        words.every((word) => textOf(row).includes(word));
      row.element.hidden = !fits;
      if (fits) shown += 1;
      if (fits && row.element.open) showForms(row.element);
    }
    for (const group of document.querySelectorAll('.side, .phase'))
      group.hidden = group.querySelector('.row:not([hidden])') === null;
    none.hidden = shown > 0;
    form.querySelector('output').textContent =
      shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
  }

  /** Offers a choice of host if texts differ, and shows the text of the host in the filter. */
  function showForms(row) {
    const chosen = form.elements.host.value;
    const ranges = rangesOf(row.dataset.hosts);
    for (const pre of row.querySelectorAll('pre[data-forms]')) {
      const block = pre.closest('.block');
      let select = block.querySelector('select');
      if (select === null) {
        select = document.createElement('select');
        select.setAttribute('aria-label', 'Show it as on host');
        for (const [from, to] of ranges)
          for (let index = from; index <= to; index += 1) select.add(new Option(data.hosts[index], index));
        select.addEventListener('change', () => showForm(pre, Number(select.value)));
        block.querySelector('.form-host').replaceChildren(select);
      }
      if (chosen !== '' && within(ranges, Number(chosen))) {
        select.value = chosen;
        showForm(pre, Number(chosen));
      }
    }
  }

  const firstForms = new Map();

  function showForm(pre, host) {
    if (!firstForms.has(pre))
      firstForms.set(
        pre,
        [...pre.children].map((line) => line.textContent),
      );
    const [, form] = data.forms[pre.dataset.forms].find(([hosts]) => within(rangesOf(hosts), host)) ?? [
      '',
      [],
    ];
    const lines = typeof form === 'string' ? form.split('\n') : [...firstForms.get(pre)];
    if (typeof form !== 'string') for (const [index, text] of form) lines[index] = text;
    pre.replaceChildren(
      ...lines.map((text) => {
        const line = document.createElement('span');
        line.textContent = text;
        if (pre.classList.contains('diff')) line.className = kindOf(text);
        return line;
      }),
    );
  }

  function kindOf(line) {
    if (/^(---|\+\+\+) /.test(line)) return 'file';
    if (line.startsWith('@@')) return 'at';
    return line.startsWith('+') ? 'add' : line.startsWith('-') ? 'del' : 'same';
  }

  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    if (target?.classList.contains('row')) target.open = true;
  }

  if (form !== null) {
    let due = 0;
    const soon = () => {
      cancelAnimationFrame(due);
      due = requestAnimationFrame(filter);
    };
    form.hidden = false;
    form.addEventListener('input', soon);
    form.addEventListener('reset', () => setTimeout(soon));
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('click', ({ target }) => {
      const open = target.dataset?.open;
      if (open === undefined) return;
      for (const { element } of rows) if (!element.hidden) element.open = open === 'true';
    });
    document.addEventListener(
      'toggle',
      ({ target }) => {
        if (target.open && target.classList.contains('row')) showForms(target);
      },
      true,
    );
    addEventListener('hashchange', openTarget);
    openTarget();
    filter();
    // Rows cannot be opened on paper: changes are printed, new texts only if they are open.
    let opened = [];
    addEventListener('beforeprint', () => {
      opened = rows.map(({ element }) => element).filter((row) => !row.open && row.querySelector('pre.diff'));
      for (const row of opened) row.open = true;
    });
    addEventListener('afterprint', () => {
      for (const row of opened) row.open = false;
    });
  }
}

import { linksOf, linkWords, type Link } from '../timeline/chain.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { html, type Html } from './html.ts';
import { seconds } from './numbers.ts';
import { drawing, element, label } from './svg.ts';
import { axis } from './timeline-svg.ts';

const width = 1040;
const left = 300;
const lane = 34;
const bar = 22;

/** The longest chain of a run, link by link: a drawing, and the same as a table. */
export function chainHtml(timeline: Timeline): Html | undefined {
  const { total, links, rest } = linksOf(timeline);
  if (links.length === 0) return undefined;
  return html`<h3 id="chain-heading">Longest chain: ${seconds(total)}</h3>
    <p class="note">
      Seconds since the command began. Each bar waited for the one above it; to make the run shorter, shorten
      one of these.
    </p>
    <figure class="wide" tabindex="0" role="group" aria-label="Drawing of the longest chain">
      ${chainSvg(links, total)}
    </figure>
    <details class="table">
      <summary>Longest chain, link by link</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" class="number">from</th>
            <th scope="col" class="number">seconds</th>
            <th scope="col">Longest steps</th>
          </tr>
        </thead>
        <tbody>
          ${links.map(
            (link) =>
              html`<tr>
                <th scope="row">${linkWords(link)}</th>
                <td class="number">${link.from.toFixed(1)}</td>
                <td class="number">${link.seconds.toFixed(1)}</td>
                <td>${stepsOf(link)}</td>
              </tr>`,
          )}
          <tr>
            <th scope="row">Links too short for a row</th>
            <td></td>
            <td class="number">${rest.toFixed(1)}</td>
            <td></td>
          </tr>
        </tbody>
      </table>
    </details>`;
}

function chainSvg(links: readonly Link[], total: number): Html {
  const scale = (value: number): number => left + (value / Math.max(0.1, total)) * (width - left - 80);
  const height = 26 + links.length * lane;
  const rows = links.map((link, index) => {
    const middle = 26 + index * lane + lane / 2;
    const before = index === 0 ? undefined : links[index - 1];
    const x = scale(link.from);
    const wide = Math.max(2, scale(link.to) - x);
    const inside = stepsOf(link);
    return element(
      'g',
      { class: `bar ${link.stage}` },
      element(
        'title',
        {},
        `${linkWords(link)}: ${seconds(link.seconds)}${inside === '' ? '' : ` (${inside})`}`,
      ),
      before === undefined
        ? undefined
        : element('path', {
            class: 'waits',
            d: `M${round(scale(before.to))} ${middle - lane + bar / 2}V${middle}H${round(x)}`,
          }),
      label(0, middle + 4, linkWords(link), 'strong', left - 12),
      element('rect', { x, y: middle - bar / 2, width: wide, height: bar, rx: Math.min(4, wide / 2) }),
      wide > 60 && inside !== '' ? label(x + 7, middle + 4, inside, 'in soft', wide - 12) : undefined,
      label(x + wide + 8, middle + 4, seconds(link.seconds), 'soft'),
    );
  });
  const words = links.map((link) => `${linkWords(link)} ${seconds(link.seconds)}`).join(', then ');
  return drawing('chain', { width, height }, 'The longest chain, in seconds', words, [
    ...axis(total, scale, height),
    ...rows,
  ]);
}

const stepsOf = ({ steps }: Link): string =>
  steps.map((step) => `${step.what} ${seconds(step.seconds)}`).join(', ');

const round = (value: number): number => Math.round(value * 10) / 10;

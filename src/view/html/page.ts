import { createHash } from 'node:crypto';
import { readOwn } from '../../model/own-files.ts';
import { formsData } from './block-html.ts';
import { filtersHtml } from './filters.ts';
import { headerHtml } from './header.ts';
import { hostTable } from './tables.ts';
import { hostViews } from './hosts.ts';
import type { PageInput } from './input.ts';
import { html, jsonMarkup, markup } from './html.ts';
import { recordRun } from './record.ts';
import { rowsIn, sectionsOf } from './rows.ts';
import { stepsHtml } from './steps.ts';
import { timelineHtml } from './timeline.ts';
import { topologySvg } from './topology-svg.ts';
import { topologyOf } from './topology.ts';

/** With more rows than this, the browser lays out only visible ones. */
const manyRows = 1000;

/**
 * The plan, or the report of its run, as one HTML file without external resources. As in the plan, secrets appear
 * only by name and digest.
 */
export function pageHtml(input: PageInput): string {
  const { plan, cluster, run } = input;
  const record = run === undefined ? undefined : recordRun(plan, run.events);
  const hosts = hostViews(plan, record);
  const names = hosts.map(({ name }) => name);
  const sections = sectionsOf(plan, cluster);
  const style = asset('page.css');
  const script = asset('page.js');
  const policy = `default-src 'none'; style-src '${sha256(style)}'; script-src '${sha256(script)}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
  const name = run === undefined ? 'plan' : 'report';
  const rows = rowsIn(sections).length;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="kboot ${input.kboot}" />
        <meta name="referrer" content="no-referrer" />
        <title>${plan.cluster}: ${name}, kboot</title>
        ${markup(`<style>${style}</style>`)}
      </head>
      <body${rows > manyRows ? html` class="many"` : undefined}>
        <a class="skip" href="#steps">To the steps</a>
        ${headerHtml(input, record, sections)}
        <main>
          <section aria-labelledby="topology-heading">
            <h2 id="topology-heading">Topology</h2>
            <figure class="wide" tabindex="0" role="group" aria-label="Drawing of the topology">
              ${topologySvg(topologyOf(plan, hosts, cluster))}
            </figure>
            ${hostTable(hosts, cluster)}
          </section>
          ${
            rows === 0
              ? undefined
              : html`${timelineHtml(plan, record, run)}
                  <section aria-labelledby="steps">
                    <h2 id="steps" tabindex="-1">Steps</h2>
                    ${filtersHtml(plan, hosts, record)}
                    ${stepsHtml(sections, { hosts: names, ...(record && { record }) })}
                    <p id="none" hidden>No step matches.</p>
                  </section>`
          }
        </main>
        <footer>
          <p>
            kboot ${input.kboot}, ${input.at.toISOString().replace(/\.\d+Z$/, 'Z')}. Secrets appear by name
            and digest only.
          </p>
        </footer>
        <script type="application/json" id="forms">
          ${jsonMarkup({ hosts: names, forms: formsData(sections, names) })}
        </script>
        ${markup(`<script>${script}</script>`)}
      </body>
    </html> `.text;
}

/** A file in this folder: its text has no data, and no end tag of its element. */
function asset(name: string): string {
  return readOwn(new URL(`./${name}`, import.meta.url));
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

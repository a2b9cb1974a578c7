import type { Answers } from '../app/init/answers.ts';
import type { Cluster } from '../model/cluster.ts';
import { inEnglish, type Finding } from '../plan/preflight/finding.ts';
import type { KbootEvent } from '../view/event-schema.ts';
import { findingsText } from '../view/findings-text.ts';
import { initText } from '../view/init-text.ts';
import { below, line, type Printable } from '../view/printable.ts';
import type { InitArgs } from './args.ts';
import { languageOfRun } from './language.ts';
import { event, note, print } from './terminal.ts';

/** An inventory that was written, and what was found about it. */
interface Written extends Pick<Answers, 'virtualIP' | 'pools'> {
  readonly cluster: Cluster;
  readonly warnings: readonly string[];
  readonly findings: readonly Finding[];
}

/** What else is reported of an inventory that was made from another tool's file. */
interface Origin {
  readonly fields: Partial<Extract<KbootEvent, { type: 'written' }>>;
  /** Undefined: nothing to print. */
  readonly text: Printable | undefined;
}

/** Reports an inventory that was written: events, or text. */
export function reportWritten(
  { file, output }: InitArgs,
  { cluster, warnings, findings, virtualIP, pools }: Written,
  origin?: Origin,
): void {
  if (output === 'json') {
    for (const finding of findings) event({ type: 'finding', ...inEnglish(finding) });
    event({
      type: 'written',
      ...{ file, cluster: cluster.name, hosts: cluster.hosts.map(({ name }) => name), warnings },
      ...origin?.fields,
    });
    return;
  }
  if (findings.length > 0)
    note(below(line`To fix before \`kboot up\`, or to ignore:`, findingsText(findings, languageOfRun())));
  for (const warning of warnings) note(line`warning: ${warning}`);
  if (origin?.text !== undefined) print(origin.text);
  print(initText({ file, cluster, virtualIP, pools }));
}

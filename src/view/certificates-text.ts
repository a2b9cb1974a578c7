import pc from 'picocolors';
import type { CertificateReport, CertificateStatus } from '../model/certificates.ts';
import { plural } from '../model/plural.ts';
import { visible } from '../model/visible.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

/**
 * The certificates of a cluster for people: a line for each, hosts in the inventory's order. Without `verbose`, copies of
 * what the state folder has are listed there only.
 */
export const certificatesText = view(composeCertificatesText);

function composeCertificatesText(report: CertificateReport, verbose: boolean): string {
  const { certificates, problems, warnDays } = report;
  if (certificates.length === 0 && problems.length === 0)
    return `No certificates of ${report.cluster} were found, neither on hosts nor in the state folder.`;
  const shown = verbose ? certificates : withoutCopies(certificates);
  const rows = shown.map((each) => [
    each.host ?? 'state folder',
    visible(each.place),
    nameOf(each.subject),
    nameOf(each.issuer),
    each.expires.slice(0, 10),
    String(each.daysLeft),
    remark(each),
  ]);
  const header = ['host', 'served or file', 'subject', 'issuer', 'expires', 'days', ''];
  const [head = '', ...lines] = table([header, ...rows], new Set([5])).split('\n');
  return [
    `${pc.bold(report.cluster)} · ${counted(certificates)}`,
    '',
    head,
    ...lines.map((line, index) => coloured(line, shown[index])),
    '',
    ...problems.map(({ host, place, why }) =>
      pc.yellow(`${host ?? 'state folder'}: ${visible(place)}: ${visible(why)}`),
    ),
    ...(shown.length === certificates.length
      ? []
      : [
          `Not listed: ${plural(certificates.length - shown.length, 'file')} with copies of these; --verbose lists them.`,
        ]),
    verdict(certificates, warnDays),
  ].join('\n');
}

/** Certificates of which the same place, or the state folder, has an identical one are not worth a line of their own. */
function withoutCopies(certificates: readonly CertificateStatus[]): readonly CertificateStatus[] {
  const inFiles = new Set(
    certificates.flatMap(({ where, fingerprint }) => (where === 'file' ? [fingerprint] : [])),
  );
  const kept = new Set<string>();
  return certificates.filter(({ where, role, host, fingerprint }) => {
    if (where === 'served') return true;
    // A CA is shown once; a leaf where it is used.
    if (where === 'state' && role === 'leaf') return !inFiles.has(fingerprint);
    const key = role === 'ca' ? fingerprint : `${host ?? ''} ${fingerprint}`;
    if (kept.has(key)) return false;
    kept.add(key);
    return true;
  });
}

function counted(certificates: readonly CertificateStatus[]): string {
  const of = (wanted: CertificateStatus['where']): number =>
    certificates.filter(({ where }) => where === wanted).length;
  return `${of('served')} certificates served, ${of('file')} in files of hosts, ${of('state')} in the state folder`;
}

/** The common name, or the whole name without one. */
function nameOf(name: string): string {
  return visible(/(?:^|, )CN=(.*?)(?:, |$)/.exec(name)?.[1] ?? name);
}

function remark({ condition, differs, file, notBefore }: CertificateStatus): string {
  const words: Readonly<Record<CertificateStatus['condition'], string>> = {
    valid: '',
    'running-out': 'runs out',
    expired: 'EXPIRED',
    'not-yet-valid': `not valid before ${notBefore}`,
  };
  const other = differs === true ? `${file ?? 'its file'} has another one` : '';
  return [words[condition], other].filter((each) => each !== '').join('; ');
}

function coloured(line: string, status: CertificateStatus | undefined): string {
  if (status === undefined) return line;
  if (status.condition === 'running-out') return pc.yellow(line);
  if (status.condition !== 'valid') return pc.red(line);
  return status.differs === true ? pc.yellow(line) : line;
}

function verdict(certificates: readonly CertificateStatus[], warnDays: number): string {
  const count = (wanted: CertificateStatus['condition']): number =>
    certificates.filter(({ condition }) => condition === wanted).length;
  const bad = [
    ...(count('expired') > 0 ? [`${count('expired')} expired`] : []),
    ...(count('not-yet-valid') > 0 ? [`${count('not-yet-valid')} not valid yet`] : []),
    ...(count('running-out') > 0 ? [`${count('running-out')} with less than ${warnDays} days left`] : []),
  ];
  if (bad.length === 0) return pc.green(`All certificates are valid for at least ${warnDays} days.`);
  return `${pc.red(`${bad.join(', ')}.`)} \`kboot up INVENTORY\` replaces expired certificates of hosts, and with --renew-certs all of them; docs/operating.md, "Certificates", has the rest.`;
}

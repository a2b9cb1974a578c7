import { visibleLine } from './visible.ts';

/** One finding about the inventory, with its position in the file. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based; 1:1 if a finding has no position. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** `file:line:column: message`, with `warning: ` before the message of a warning: one line, in which every character shows. */
export function formatDiagnostic(d: Diagnostic): string {
  return visibleLine(
    `${d.file}:${d.line}:${d.column}: ${d.severity === 'warning' ? 'warning: ' : ''}${d.message}`,
  );
}

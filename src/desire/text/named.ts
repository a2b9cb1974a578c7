import { KbootError } from '../../model/error.ts';
import type { PasswordSource } from '../../model/password-source.ts';
import { variableName } from '../../store/uploads.ts';
import type { TextContext } from './types.ts';
import { remedies } from '../remedies.ts';

/** The text of a file on the operator's disk that `field` names. The inventory was read with everything that it names. */
export function namedText({ uploads }: Pick<TextContext, 'uploads'>, name: string, field: string): string {
  const text = uploads?.get(name)?.text;
  if (text !== undefined) return text;
  throw new KbootError('E-INVENTORY', `${field}: ${name} was not read`, {
    remedy: remedies.existsAndReadable,
  });
}

/** A password that `field` names. */
export function namedPassword(
  context: Pick<TextContext, 'uploads'>,
  source: PasswordSource,
  field: string,
): string {
  return namedText(context, 'env' in source ? variableName(source.env) : source.file, field).trimEnd();
}

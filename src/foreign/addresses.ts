import { isProblem, parseAddress, parseUnicast } from '../inventory/address.ts';
import { dnsName } from '../inventory/fields.ts';

/** Whether a text is an address that a node can have. */
export function isNodeAddress(text: string): boolean {
  return !isProblem(parseUnicast(text));
}

export function isAddress(text: string): boolean {
  return !isProblem(parseAddress(text));
}

/** Whether a text is a DNS name, and not an address. */
export function isName(text: string): boolean {
  return !isAddress(text) && !/^[\d.]+$/.test(text) && dnsName(text.toLowerCase()) === undefined;
}

/** `10.0.0.11` of `10.0.0.11/24`. */
export function withoutPrefix(text: string): string {
  return text.replace(/\/\d{1,3}$/, '');
}

/** `fd00::11` of `[fd00::11]`, and `node.example.com` of `node.example.com.`: other spellings of where SSH connects. */
export function plainTarget(text: string): string {
  return text.replace(/^\[([^\]]*)\]$/, '$1').replace(/(?<=[A-Za-z][A-Za-z0-9-]*)\.$/, '');
}

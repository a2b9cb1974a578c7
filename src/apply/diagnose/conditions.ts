import { itemsAt, textAt } from './json.ts';

/** All conditions in the status of an object. */
export function conditionsOf(object: unknown): readonly unknown[] {
  return itemsAt(object, 'status', 'conditions');
}

/** The condition of one type in the status of an object. */
export function conditionAt(object: unknown, type: string): unknown {
  return conditionsOf(object).find((each) => textAt(each, 'type') === type);
}

/** `Node w-1: Ready is False (KubeletNotReady): cni plugin not initialized` */
export function conditionLine(title: string, condition: unknown): string {
  const [reason, message] = [textAt(condition, 'reason'), textAt(condition, 'message')];
  const what = `${title}: ${textAt(condition, 'type')} is ${textAt(condition, 'status')}`;
  return `${what}${reason === '' ? '' : ` (${reason})`}${message === '' ? '' : `: ${message}`}`;
}

// Definitions of custom fields as a form holds them: texts, until they are sent.
import type { Definition } from '$/features/ticket/customFields';

export type { Definition };
export const objects = ['ticket', 'user', 'organization', 'group'] as const;
export type FieldObject = (typeof objects)[number];
export const screens = ['customer_create', 'agent_create', 'edit', 'close'] as const;
export type Screen = (typeof screens)[number];
export const modes = ['hidden', 'shown', 'required', 'read_only'] as const;
export type Mode = (typeof modes)[number];
export const types = [
  'text',
  'long_text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'datetime',
  'choice',
  'choices',
  'tree_choice',
  'tree_choices',
  'user',
  'organization',
  'url',
] as const;
export type FieldType = (typeof types)[number];
export interface Choice {
  value: string;
  label: string;
}

export interface FieldForm {
  object: FieldObject;
  name: string;
  label: string;
  help: string;
  type: FieldType;
  choices: Choice[];
  min: string;
  max: string;
  max_length: string;
  preset: string | string[];
  screens: Record<Screen, Mode>;
  active: boolean;
}

export const isChoice = (type: FieldType) => /choice/.test(type);
export const isTree = (type: FieldType) => type.startsWith('tree');
export const isMany = (type: FieldType) => type.endsWith('choices');
export const isNumber = (type: FieldType) => type === 'integer' || type === 'decimal';
export const isText = (type: FieldType) => type === 'text' || type === 'long_text';

/** In the order in which people are asked. */
export const sorted = (all: Definition[], object: string) =>
  all.filter((f) => f.object === object).sort((a, b) => a.position - b.position || a.id - b.id);

export function emptyForm(object: FieldObject): FieldForm {
  return {
    object,
    name: '',
    label: '',
    help: '',
    type: 'text',
    choices: [{ value: '', label: '' }],
    min: '',
    max: '',
    max_length: '',
    preset: '',
    screens: { customer_create: 'hidden', agent_create: 'shown', edit: 'shown', close: 'hidden' },
    active: true,
  };
}

const text = (v: unknown) => (v === undefined || v === null ? '' : String(v));

export function formOf(d: Definition): FieldForm {
  const o = d.options as Record<string, unknown>;
  const type = d.type as FieldType;
  return {
    object: d.object as FieldObject,
    name: d.name,
    label: d.label,
    help: d.help,
    type,
    choices: ((o.choices ?? []) as (string | Partial<Choice>)[]).map((c) =>
      typeof c === 'string' ? { value: c, label: '' } : { value: c.value ?? '', label: c.label ?? '' },
    ),
    min: text(o.min),
    max: text(o.max),
    max_length: text(o.max_length),
    preset: isMany(type) ? ((o.default ?? []) as string[]) : text(o.default),
    screens: Object.fromEntries(screens.map((s) => [s, d.screens[s] ?? 'hidden'])) as Record<Screen, Mode>,
    active: d.active,
  };
}

/** A number where it is one; else as it was typed: the server says what is wrong with it. */
const numeric = (v: string) => (v.trim() !== '' && Number.isFinite(Number(v)) ? Number(v) : v);

function presetOf({ type, preset }: FieldForm): unknown {
  if (Array.isArray(preset)) return preset.length ? preset : undefined;
  if (preset === '') return undefined;
  if (isNumber(type) || type === 'user' || type === 'organization') return numeric(preset);
  if (type === 'boolean') return preset === 'true';
  return type === 'datetime' && !Number.isNaN(Date.parse(preset)) ? new Date(preset).toISOString() : preset;
}

/** Rows that are empty are no choices. Where a choice stands among those that are sent: for what the server says of it. */
export const filled = (choices: Choice[]) => choices.filter((c) => c.value.trim() || c.label.trim());
export const placeAmong = (choices: Choice[], i: number) => filled(choices.slice(0, i)).length;

/** What only the type takes: the others of the form stay for the case that the type is changed back. */
export function optionsOf(form: FieldForm): Record<string, unknown> {
  const { type } = form;
  const preset = presetOf(form);
  return {
    ...(isChoice(type)
      ? {
          choices: filled(form.choices).map(({ value, label }) => {
            const key = value.trim() || label.trim();
            const words = label.trim() || (isTree(type) ? '' : key);
            return words ? { value: key, label: words } : key;
          }),
        }
      : {}),
    ...(isNumber(type) && form.min !== '' ? { min: numeric(form.min) } : {}),
    ...(isNumber(type) && form.max !== '' ? { max: numeric(form.max) } : {}),
    ...(isText(type) && form.max_length !== '' ? { max_length: numeric(form.max_length) } : {}),
    ...(preset === undefined ? {} : { default: preset }),
  };
}

/** "Which room?" as a name of the API: which_room. Other scripts give none; then people type it. */
export function nameFrom(label: string) {
  return label
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 48);
}

/** "a = Alpha" a line. */
export const choicesFrom = (lines: string): Choice[] =>
  lines
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const at = line.indexOf('=');
      return at < 0
        ? { value: line, label: '' }
        : { value: line.slice(0, at).trim(), label: line.slice(at + 1).trim() };
    });

/** What the form says, as if it were kept already: to show it. A choice that is there twice is shown once. */
export function definitionOf(form: FieldForm): Definition {
  const options = optionsOf(form);
  const seen = new Set<string>();
  if (options.choices)
    options.choices = (options.choices as (string | Choice)[]).filter((c) => {
      const value = typeof c === 'string' ? c : c.value;
      return !seen.has(value) && seen.add(value);
    });
  return { ...form, id: 0, position: 0, options } as unknown as Definition;
}

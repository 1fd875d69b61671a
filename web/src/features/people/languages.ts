// Languages that texts for people come in, and time zones, as choices.
import { i18n, languages } from '$/i18n/index.svelte';

export function languageOptions(current: string) {
  const names = new Intl.DisplayNames([i18n.locale], { type: 'language' });
  const codes = [...new Set([...Object.keys(languages), current].filter(Boolean))];
  return codes.map((value) => ({ value, label: languages[value as keyof typeof languages]?.name ?? names.of(value)! }));
}

export function zoneOptions(current: string) {
  const all = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((z) => z !== 'UTC')];
  if (current && !all.includes(current)) all.push(current);
  return all.map((value) => ({ value, label: value.replaceAll('_', ' ') }));
}

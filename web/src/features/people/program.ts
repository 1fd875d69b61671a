// "Mozilla/5.0 (X11; Linux x86_64) … Chrome/120 …" in words: which browser on which system.
const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/^curl\//, 'curl'],
];
const systems: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux/, 'Linux'],
];
const first = (list: [RegExp, string][], text: string) => list.find(([like]) => like.test(text))?.[1];

export function programOf(agent: string) {
  const known = [first(browsers, agent), first(systems, agent)].filter(Boolean).join(', ');
  return known || agent;
}

// Looks for faults that keep people from using a page, with axe-core.
import axe from 'axe-core';

const SERIOUS = ['serious', 'critical'];

export async function checkAccessibility(page) {
  // By evaluate and not by a script tag, which the page's own security policy would refuse.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  const faults = violations.filter(({ impact }) => SERIOUS.includes(impact));
  if (faults.length > 0) throw new Error(`axe-core on ${page.url()}:\n${faults.map(describe).join('\n')}`);
}

function describe({ id, impact, help, nodes }) {
  const places = nodes.map(({ html, failureSummary }) => `    ${html}\n      ${failureSummary.replaceAll('\n', '\n      ')}`);
  return `  ${impact}: ${help} (${id})\n${places.join('\n')}`;
}

import { relative } from "node:path";

interface Mutant {
  fileName: string;
  location: { start: { line: number; column: number } };
  mutatorName: string;
  replacement?: string;
  status: string;
}

/**
 * Prints mutants that survive as soon as they are known: a run takes long, and the tests for them can be written
 * meanwhile.
 */
class SurvivorsReporter {
  onMutantTested({ fileName, location, mutatorName, replacement, status }: Mutant): void {
    if (status !== "Survived" && status !== "NoCoverage") return;
    const { line, column } = location.start;
    const code = replacement?.replace(/\s+/g, " ");
    console.log(`${relative(process.cwd(), fileName)}:${line}:${column} ${status} ${mutatorName}: ${code}`);
  }
}

export const strykerPlugins = [{ kind: "Reporter", name: "survivors", injectableClass: SurvivorsReporter }];

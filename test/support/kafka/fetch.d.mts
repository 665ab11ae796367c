export function kafkaJars(): string
export function fetchKafka(say?: (line: string) => void): Promise<string>

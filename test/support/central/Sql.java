import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.ResultKind;
import org.apache.flink.table.api.TableEnvironment;

/** Runs the SQL of a file in a Flink of its own. Each row of an answer is a line: kind of change, then the fields, by tabs. */
public class Sql {
  public static void main(String[] args) throws Exception {
    var flink = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    flink.getConfig().set("parallelism.default", "2");
    flink.getConfig().set("table.exec.mini-batch.enabled", "true");
    flink.getConfig().set("table.exec.mini-batch.allow-latency", "2 s");
    flink.getConfig().set("table.exec.mini-batch.size", "20000");
    for (var statement : Files.readString(Path.of(args[0])).split(";\\s*(\\n|$)")) {
      if (statement.isBlank()) continue;
      var result = flink.executeSql(statement);
      if (result.getResultKind() != ResultKind.SUCCESS_WITH_CONTENT) continue;
      try (var rows = result.collect()) {
        while (rows.hasNext()) {
          var row = rows.next();
          var line = new StringBuilder(row.getKind().shortString());
          for (int i = 0; i < row.getArity(); i++) line.append('\t').append(row.getField(i));
          System.out.println(line);
        }
      }
    }
  }
}

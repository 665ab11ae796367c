"""Runs the Spark block of CONSUMERS.md as it stands, and says what it came to.

Usage: job.py CONSUMERS.md ADDRESS TOPIC FOLDER -> FOLDER/batch.json and FOLDER/stream.json
"""

import json
import re
import sys

document, address, topic, folder = sys.argv[1:]
with open(document, encoding="utf-8") as file:
    block = re.search(r"```python\n(.*?)```", file.read(), re.DOTALL).group(1)
assert "kafka.example:9092" in block and "edge.telemetry.v1" in block
exec(block.replace("kafka.example:9092", address).replace("edge.telemetry.v1", topic))  # defines what is used below
spark.sparkContext.setLogLevel("ERROR")


def told(name, every, once, means):
    types = {row["type"]: row["count"] for row in once.groupBy("type").count().collect()}
    series = [row.asDict() for row in means.collect()]
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump({"records": every.count(), "once": once.count(), "types": types, "series": series}, file)


def stream():
    """Reads what is there and ends; what was read before is in the checkpoint."""
    writer = coming.writeStream.format("parquet").option("path", f"{folder}/lake")
    writer.option("checkpointLocation", f"{folder}/checkpoint").trigger(availableNow=True).start().awaitTermination()


told("batch", telemetry(spark.read), once, means)
stream()
stream()  # a restart: nothing is written again
once = spark.read.parquet(f"{folder}/lake")
means = once.where("num is not null").groupBy("device", "metric").agg(f.count("*").alias("n"), f.avg("num").alias("mean"))
told("stream", once, once, means)
spark.stop()

"""Counts the words of text/ on the Spark cluster of this machine: a plain pyspark program, with nothing configured."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from skafossdk import Skafos

from words import normalise

spark = SparkSession.builder.appName("word count").getOrCreate()
print(f"Spark {spark.version} on {spark.sparkContext.master}")

# This function runs in the executors' Python, which has the packages and the modules of this job.
normalised = F.udf(normalise)
words = (
    spark.read.text("text")
    .select(F.explode(F.split("value", r"\s+")).alias("word"))
    .select(normalised("word").alias("word"))
    .where("word != ''")
)
counted = words.groupBy("word").count().orderBy(F.desc("count"), "word")
most = [[row["word"], row["count"]] for row in counted.limit(10).collect()]
spark.stop()

Skafos().output(most)
print(f"the most frequent word is {most[0][0]!r}")

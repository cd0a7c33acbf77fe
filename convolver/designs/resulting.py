"""What a design says of its results."""

from ..formats import Format

__all__ = ["Resulting"]


class Resulting:
    """One result for each place."""

    planes: int

    @property
    def output_format(self) -> Format:
        """Format of one result."""
        raise NotImplementedError

    @property
    def output_range(self) -> tuple[int, int]:
        """The least and the greatest result that can leave."""
        raise NotImplementedError

    @property
    def saturated(self) -> tuple[int, ...]:
        """The results in whose place greater or smaller ones may have been: the ends of the output format that results exceed
        before they are saturated. Results of filters that others follow aren't seen."""
        return ()

    @property
    def outputs(self) -> int:
        """Results for each place; they leave together."""
        return 1

    @property
    def result_axes(self) -> tuple[int, ...]:
        """The axes that results have in front of the samples' own: one of `outputs`, where the design asks for it."""
        return ()

    @property
    def result_bytes(self) -> int:
        """Bytes of the results of one place: all `outputs` of all `planes`, each in whole bytes."""
        return self.planes * self.outputs * self.output_format.bytes

    @property
    def result_bits(self) -> int:
        """Bits of the results of one place but those that no sample changes, and copies of a sign."""
        return self.outputs * self.output_format.width

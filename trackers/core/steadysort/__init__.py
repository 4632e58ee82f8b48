"""SteadySORT: DeepSORT's parts, put together so that people keep their ids."""
